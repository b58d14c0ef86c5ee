"""cronctl: the scheduler's process, and the slots that it missed."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import Any

from keys_practice import keeper_client
from keys_practice.commands.frame import NO, YES, Command, Result, facts
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.jobs.commands import ask
from keys_practice.layout import Layout
from keys_practice.processes import wait_until

READY_SECONDS = 5


def status(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """The scheduler's process, its last slot, and how many slots were missed."""
    unit = keeper_client.unit_status(layout, "cron")
    content = {**unit, **ask.desk(layout, "cron")}
    content.pop("missed")
    return Result(content, facts(content))


def health(layout: Layout, asked: argparse.Namespace) -> Result:
    """Ask whether the scheduler runs and has missed nothing."""
    found = status(layout, asked)
    is_well = found.content["state"] == "running" and not found.content["missed_count"]
    return found._replace(exit_code=YES if is_well else NO)


def missed(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """The slots that did not run, oldest first."""
    found = ask.desk(layout, "cron")["missed"]
    return Result({"count": len(found), "slots": found}, "\n".join(found), YES)


def run_slot(layout: Layout, asked: argparse.Namespace) -> Result:
    """Run one missed slot; a slot that ran already is refused."""
    done = ask.change(layout, "slot", slot=asked.slot)
    return Result(done, facts(done))


def catch_up(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Run every missed slot, oldest first. One that somebody else ran meanwhile counts as there already."""
    ran: list[str] = []
    for slot in ask.desk(layout, "cron")["missed"]:
        try:
            ran.append(str(ask.change(layout, "slot", slot=slot)["job"]))
        except Unreachable:
            raise
        except PracticeError:
            continue
    content: dict[str, Any] = {"ran": len(ran), "jobs": ran}
    return Result(content, facts({"ran": len(ran), "jobs": " ".join(ran) or None}))


def process(layout: Layout, asked: argparse.Namespace) -> Result:
    """Start, stop or restart the scheduler."""
    keeper_client.ask(layout, asked.op, "cron")
    is_wanted = asked.op != "stop"

    def is_so() -> bool:
        return bool((keeper_client.unit_status(layout, "cron")["state"] == "running") == is_wanted)

    wait_until(is_so, READY_SECONDS)
    unit = keeper_client.unit_status(layout, "cron")
    return Result(unit, facts(unit), YES if is_so() else NO)


def _slot(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no instant like 2026-01-31T03:00:00+00:00") from None
    return text


def main(folder: Path, arguments: list[str]) -> int:
    """Run cronctl."""
    command = Command("cronctl", "The scheduler, which enqueues a digest in every slot.")
    command.verb("status", "its process, its last slot, missed_count", status)
    command.verb("health", "as status; exit 0 when it runs and has missed nothing, else 1", health)
    command.verb("missed", "the slots that did not run, oldest first", missed)
    parser = command.verb("run-slot", "run one missed slot, at most once", run_slot)
    parser.add_argument("slot", type=_slot, metavar="SLOT", help="as `missed` prints it")
    command.verb("catch-up", "run every missed slot, each at most once", catch_up)
    for op in ("start", "stop", "restart"):
        command.verb(op, f"{op} the scheduler; it runs no missed slot by itself", process).set_defaults(op=op)
    return command.run(folder, arguments)
