"""breakerctl: the checkout's circuit breakers, one for each dependency."""

import argparse
from pathlib import Path
from typing import Any

from keys_practice.commands.frame import NO, YES, Command, Result, facts, instant, table
from keys_practice.layout import Layout
from keys_practice.processes import wait_until
from keys_practice.wire.commands import service

SETTLE_SECONDS = 10


def status(layout: Layout, asked: argparse.Namespace) -> Result:
    """Say how a breaker stands, who set it, and why."""
    content = _shown(layout, asked.name)
    return Result(content, facts(content))


def listing(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Say how each breaker stands."""
    content = [_shown(layout, name) for name in service.all_dependencies(layout)]
    rows = [[each[name] for name in ("name", "mode", "state", "trips", "by")] for each in content]
    return Result(content, table(rows))


def history(layout: Layout, asked: argparse.Namespace) -> Result:
    """List how its state changed, oldest first."""
    entries = service.ask(layout, "GET", f"/internal/breakers/{asked.name}")["history"]
    content = [{**each, "at": instant(each["at"])} for each in entries]
    return Result(content, table([[each["at"], each["state"], each["why"]] for each in content]))


def change(layout: Layout, asked: argparse.Namespace) -> Result:
    """Hold it open, or give it back to itself."""
    body = {"value": asked.op, "by": service.BY, "reason": asked.reason}
    service.ask(layout, "POST", f"/internal/breakers/{asked.name}", body)
    return status(layout, asked)


def settle(layout: Layout, asked: argparse.Namespace) -> Result:
    """Wait until it is closed; exit 1 when it is not."""
    wait_until(lambda: bool(_shown(layout, asked.name)["state"] == "closed"), asked.seconds, pause=0.1)
    content = _shown(layout, asked.name)
    return Result(content, facts(content), YES if content["state"] == "closed" else NO)


def main(folder: Path, arguments: list[str]) -> int:
    """Run breakerctl."""
    command = Command(
        "breakerctl", "Circuit breakers of the checkout: mode auto or open; state closed, half-open, open."
    )
    command.verb("list", "how each stands", listing)
    verbs = {
        "status": ("mode, state, since, trips since the mode was set, by, reason", status),
        "history": ("how its state changed", history),
        "settle": ("wait until it is closed; exit 0 yes, 1 no", settle),
        "open": ("hold it open: no call goes through; undo with `auto`", change),
        "auto": ("give it back to itself; it begins half-open; undo with `open`", change),
    }
    for name, (about, do) in verbs.items():
        parser = command.verb(name, about, do)
        parser.add_argument("name", metavar="NAME")
        if do is change:
            parser.set_defaults(op=name)
            parser.add_argument("--reason", default="", metavar="WORDS", help="why, for the next person")
        if do is settle:
            parser.add_argument(
                "--seconds", type=float, default=SETTLE_SECONDS, metavar="S", help="default 10"
            )
    return command.run(folder, arguments)


def _shown(layout: Layout, name: str) -> dict[str, Any]:
    found = service.ask(layout, "GET", f"/internal/breakers/{name}")
    del found["history"]
    return {**found, "at": instant(found["at"]), "state_since": instant(found["state_since"])}
