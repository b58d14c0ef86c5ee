"""appctl: the webhook service's process, health, settings and log."""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from keys_practice import http_client, keeper_client
from keys_practice.commands import applied_list, env_file
from keys_practice.commands.frame import NO, YES, Command, Result, facts, moment
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout, read_env
from keys_practice.processes import wait_until

READY_SECONDS = 8


def status(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Describe the process as the supervisor sees it."""
    content = {**keeper_client.unit_status(layout, "app"), "release": layout.current.readlink().name}
    return Result(content, facts(content))


def change(layout: Layout, asked: argparse.Namespace) -> Result:
    """Start, stop or restart the service; a start waits until it answers."""
    keeper_client.ask(layout, asked.op, "app")
    return stopped(layout, asked) if asked.op == "stop" else started(layout)


def stopped(layout: Layout, asked: argparse.Namespace) -> Result:
    """Say how the process stands after a stop."""
    found = status(layout, asked)
    return found._replace(exit_code=NO if found.content["state"] == "running" else YES)


def started(layout: Layout) -> Result:
    """Wait until the service answers (whatever its health), or say that it does not."""

    def is_settled() -> bool:
        unit = keeper_client.unit_status(layout, "app")
        return unit["state"] != "running" or _is_answering(layout, unit["pid"])

    wait_until(is_settled, READY_SECONDS, pause=0.05)
    unit = keeper_client.unit_status(layout, "app")
    content = {
        **unit,
        "release": layout.current.readlink().name,
        "listening": unit["state"] == "running" and _is_answering(layout, unit["pid"]),
    }
    return Result(content, facts(content), YES if content["listening"] else NO)


def health(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Ask the service how it is. A read."""
    content = _ask_health(layout)
    return Result(content, facts(content), YES if content["http_status"] == 200 else NO)


def probe_webhook(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Send an unsigned POST: a service that works refuses it with 400 and changes nothing."""
    url = f"{layout.facts()['app_url']}/webhooks/stripe"
    try:
        answer = http_client.call("POST", url, b"{}", seconds=5)
        content: dict[str, Any] = {
            "listening": True,
            "http_status": answer.status,
            "answer": answer.text[:200],
        }
    except Unreachable as problem:
        content = {"listening": False, "http_status": 0, "answer": str(problem)}
    return Result(content, facts(content), YES if content["http_status"] == 400 else NO)


def logs(layout: Layout, asked: argparse.Namespace) -> Result:
    """Show the end of webhook.log."""
    text = layout.webhook_log.read_text("utf-8", "replace")
    lines = text.splitlines()[-asked.lines :] if asked.lines else []
    return Result({"lines": lines}, "\n".join(lines))


def applied(layout: Layout, asked: argparse.Namespace) -> Result:
    """List the ids of the events that the service has applied, oldest first, and say as of when."""
    since = f"?since={asked.since}" if asked.since else ""
    answer = http_client.call(
        "GET", f"{layout.facts()['app_url']}/internal/applied-events{since}", seconds=10
    )
    content = answer.json()
    if answer.status != 200 or not isinstance(content, dict):
        raise Unreachable(f"The service answered {answer.status}: {answer.text[:200]}")
    ids, as_of = content["event_ids"], applied_list.instant(content["as_of"])
    return Result({"count": len(ids), "as_of": as_of, "event_ids": ids}, applied_list.render(ids, as_of))


def types(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """List the types of event that the deployed release needs; the service need not run."""
    needed = (layout.current / "event-types").read_text("utf-8").split()
    return Result({"types": needed}, "\n".join(needed))


def records(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Write out what the service has recorded, for `stripectl compare-records`."""
    answer = http_client.call("GET", f"{layout.facts()['app_url']}/internal/records", seconds=10)
    content = answer.json()
    if answer.status != 200 or not isinstance(content, dict):
        raise Unreachable(f"The service answered {answer.status}: {answer.text[:200]}")
    return Result(content, json.dumps(content))


def env_show(layout: Layout, asked: argparse.Namespace) -> Result:
    """Show fingerprints of settings, never their values."""
    settings = read_env(layout.env_file)
    names = asked.names or sorted(settings)
    content = {name: _described(settings.get(name)) for name in names}
    lines = [
        f"{name}: {'not set' if not each['set'] else each['fingerprint']}" for name, each in content.items()
    ]
    return Result(content, "\n".join(lines), YES if all(each["set"] for each in content.values()) else NO)


def env_set(layout: Layout, asked: argparse.Namespace) -> Result:
    """Set one setting to what stdin says."""
    is_changed = env_file.set_value(layout, asked.name, _read_value())
    content = {"name": asked.name, "changed": is_changed, "needs_restart": is_changed}
    words = (
        f"{asked.name} is set. Restart the service to use it."
        if is_changed
        else f"{asked.name} was so already."
    )
    return Result(content, words)


def env_restore(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Put app.env back as it was before the last `env set`."""
    is_restored = env_file.restore(layout)
    words = (
        "app.env is as in app.env.bak. Restart to use it." if is_restored else "There is nothing to restore."
    )
    return Result({"restored": is_restored, "needs_restart": is_restored}, words)


def env_diff(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Name the settings that differ between app.env and app.env.bak."""
    names = env_file.differing(layout)
    return Result({"changed": names}, "\n".join(names) or "no difference", NO if names else YES)


def env_verify(layout: Layout, asked: argparse.Namespace) -> Result:
    """Compare a setting with what stdin says, without showing either."""
    here = _described(read_env(layout.env_file).get(asked.name))
    there = _described(_read_value())
    is_same = here == there
    content = {
        "match": is_same,
        "fingerprint": here["fingerprint"],
        "stdin_fingerprint": there["fingerprint"],
    }
    words = "match" if is_same else f"differ: here {here['fingerprint']}, stdin {there['fingerprint']}"
    return Result(content, words, YES if is_same else NO)


def main(folder: Path, arguments: list[str]) -> int:
    """Run appctl."""
    command = Command("appctl", "The webhook service: process, health, settings, log.")
    command.verb("status", "state, pid, release, since, exit_code", status)
    for op, about in {
        "start": "start the service and wait until it answers",
        "stop": "stop the service",
        "restart": "stop and start it (requests in flight fail, Stripe retries them)",
    }.items():
        command.verb(op, about, change).set_defaults(op=op)
    command.verb("health", "ask GET /healthz; reads only", health)
    command.verb("probe-webhook", "send an unsigned POST; 400 is the healthy answer", probe_webhook)
    lines = command.verb("logs", "the end of webhook.log", logs)
    lines.add_argument("--lines", type=int, default=50, metavar="N", help="how many (default 50)")
    command.verb(
        "records", "applied events and what they came to, as JSON, for `stripectl compare-records`", records
    )
    _add_events(command)
    _add_env(command)
    return command.run(folder, arguments)


def _add_events(command: Command) -> None:
    events = command.group("events", "what the service has applied")
    listing = command.verb("applied", "ids of the applied events, oldest first", applied, events)
    command.verb("types", "types of event that the deployed release needs", types, events)
    listing.add_argument(
        "--since", type=moment, metavar="WHEN", help="applied since, like 30m or an ISO instant"
    )


def _add_env(command: Command) -> None:
    env = command.group("env", "the settings in app.env")
    show = command.verb("show", "fingerprints (8 hex of SHA-256), never values", env_show, env)
    show.add_argument("names", nargs="*", metavar="NAME")
    setting = command.verb("set", "set NAME to stdin; keeps app.env.bak; does not restart", env_set, env)
    verify = command.verb("verify", "does NAME equal stdin? exit 0 yes, 1 no", env_verify, env)
    for parser in (setting, verify):
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--stdin", action="store_true", required=True, help="the value comes from stdin")
    command.verb("restore", "put app.env.bak back", env_restore, env)
    command.verb("diff", "names that differ from app.env.bak; exit 0 none, 1 some", env_diff, env)


def _is_answering(layout: Layout, pid: int) -> bool:
    """Whether the service's own process answers; another program may have taken its port."""
    try:
        answer = http_client.call("GET", f"{layout.facts()['app_url']}/healthz", seconds=5).json()
    except Unreachable:
        return False
    return isinstance(answer, dict) and answer.get("pid") == pid


def _ask_health(layout: Layout) -> dict[str, Any]:
    try:
        answer = http_client.call("GET", f"{layout.facts()['app_url']}/healthz", seconds=5)
    except Unreachable:
        return {"listening": False, "http_status": 0, "database": "unknown", "release": None}
    content = answer.json()
    found = content if isinstance(content, dict) else {}
    return {
        "listening": True,
        "http_status": answer.status,
        "database": found.get("database", "unknown"),
        "release": found.get("release"),
    }


def _described(value: str | None) -> dict[str, Any]:
    fingerprint = hashlib.sha256(value.encode()).hexdigest()[:8] if value else None
    return {"set": bool(value), "fingerprint": fingerprint}


def _read_value() -> str:
    """The value on stdin without its last newline. An empty one is refused: some command before the pipe failed."""
    value = sys.stdin.read().removesuffix("\n")
    if not value or any(character in value for character in "\n\r\0"):
        raise PracticeError("Stdin is empty or holds more than one line. Nothing was changed.")
    return value
