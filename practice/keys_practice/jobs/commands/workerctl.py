"""workerctl: the workers' processes, and whether they really work."""

import argparse
import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any

from keys_practice import keeper_client
from keys_practice.commands.frame import NO, YES, Command, Result, facts, table
from keys_practice.jobs.commands import ask
from keys_practice.layout import Layout
from keys_practice.processes import wait_until

NAMES = ("worker-1", "worker-2", "worker-3", "worker-4")
SPARE = NAMES[2:]
SILENT_SECONDS = 3.0
READY_SECONDS = 8


def status(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Every worker that should work: working, dead, frozen, or hanging."""
    found = _workers(layout)
    content = {
        "workers": found,
        "working": sum(each["standing"] == "working" for each in found),
        "dead": [each["name"] for each in found if each["standing"] == "dead"],
        "stuck": [each["name"] for each in found if each["standing"] in ("frozen", "hanging")],
    }
    rows: list[list[object]] = [
        [each["name"], each["standing"], each["job"], each["heartbeat_age"], each["progress_age"]]
        for each in found
    ]
    heads: list[object] = ["worker", "standing", "job", "heartbeat s ago", "progress s ago"]
    return Result(content, table([heads, *rows]))


def health(layout: Layout, asked: argparse.Namespace) -> Result:
    """Ask whether every worker that should work does."""
    found = status(layout, asked)
    is_well = not found.content["dead"] and not found.content["stuck"]
    return found._replace(exit_code=YES if is_well else NO)


def start(layout: Layout, asked: argparse.Namespace) -> Result:
    """Start workers and wait until each says that it is there."""
    names = asked.names or [each for each in NAMES if each not in SPARE]
    for name in names:
        keeper_client.ask(layout, "start", name)
    return _settled(layout, names)


def stop(layout: Layout, asked: argparse.Namespace) -> Result:
    """Stop workers. A job that one is in the middle of is taken up again after its lease."""
    for name in asked.names:
        keeper_client.ask(layout, "stop", name)
    units = keeper_client.ask(layout, "status")["units"]
    content = {name: units[name]["state"] for name in asked.names}
    is_done = all(state != "running" for state in content.values())
    return Result(content, facts(content), YES if is_done else NO)


def replace(layout: Layout, asked: argparse.Namespace) -> Result:
    """Kill workers, also frozen ones, and start them again."""
    for name in asked.names:
        pid = keeper_client.unit_status(layout, name)["pid"]
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        keeper_client.ask(layout, "restart", name)
    return _settled(layout, asked.names)


def _workers(layout: Layout) -> list[dict[str, Any]]:
    """The two usual workers, and each spare one that runs."""
    told = {each["name"]: each for each in ask.desk(layout, "workers")}
    units = keeper_client.ask(layout, "status")["units"]
    names = [name for name in NAMES if name not in SPARE or units[name]["state"] == "running"]
    return [_described(name, units[name], told.get(name, {})) for name in names]


def _described(name: str, unit: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    heartbeat, progress = told.get("heartbeat_age"), told.get("progress_age")
    return {
        "name": name,
        "standing": _standing(unit, told, heartbeat, progress),
        "job": told.get("job"),
        "heartbeat_age": heartbeat,
        "progress_age": progress,
    }


def _standing(
    unit: dict[str, Any], told: dict[str, Any], heartbeat: float | None, progress: float | None
) -> str:
    if unit["state"] != "running":
        return "dead"
    if told.get("pid") != unit["pid"] or heartbeat is None or progress is None:
        return "starting"
    if heartbeat > SILENT_SECONDS:
        return "frozen"
    return "hanging" if progress > SILENT_SECONDS else "working"


def _settled(layout: Layout, names: list[str]) -> Result:
    def standings() -> dict[str, str]:
        return {each["name"]: each["standing"] for each in _workers(layout) if each["name"] in names}

    wait_until(lambda: "starting" not in standings().values(), READY_SECONDS, pause=0.1)
    # One that dies of its first job has said before that it is there.
    time.sleep(0.3)
    content = standings()
    is_done = content.keys() == set(names) and set(content.values()) == {"working"}
    return Result(content, facts(content), YES if is_done else NO)


def _spare(text: str) -> str:
    if text not in NAMES:
        raise argparse.ArgumentTypeError(f"there is no worker {text!r}; workers: {', '.join(NAMES)}")
    return text


def main(folder: Path, arguments: list[str]) -> int:
    """Run workerctl."""
    command = Command(
        "workerctl", "The workers of the queue: worker-1 and worker-2; worker-3 and worker-4 are spare."
    )
    command.verb(
        "status", "working, dead, frozen (no heartbeat), or hanging (a heartbeat and no progress)", status
    )
    command.verb("health", "as status; exit 0 when all of them work, 1 when one is dead or stuck", health)
    for name, about, do, least in (
        ("start", "start workers (default: the usual ones)", start, "*"),
        ("stop", "stop workers", stop, "+"),
        ("replace", "kill workers, also frozen ones, and start them again", replace, "+"),
    ):
        command.verb(name, about, do).add_argument("names", nargs=least, type=_spare, metavar="WORKER")
    return command.run(folder, arguments)
