"""featurectl: what the checkout does when a dependency can't be used: refuse, or accept and do it later."""

import argparse
from pathlib import Path
from typing import Any

from keys_practice.commands.frame import Command, Result, facts, instant, table
from keys_practice.layout import Layout
from keys_practice.wire.commands import service


def status(layout: Layout, asked: argparse.Namespace) -> Result:
    """Say how one fallback stands, who set it, and why."""
    content = _shown(layout, asked.name)
    return Result(content, facts(content))


def listing(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Say how each fallback stands."""
    content = [_shown(layout, name) for name in service.all_dependencies(layout)]
    return Result(
        content, table([[each["name"], each["fallback"], each["value"], each["by"]] for each in content])
    )


def change(layout: Layout, asked: argparse.Namespace) -> Result:
    """Turn it on or off."""
    body = {"value": asked.op, "by": service.BY, "reason": asked.reason}
    service.ask(layout, "POST", f"/internal/fallbacks/{asked.name}", body)
    return status(layout, asked)


def main(folder: Path, arguments: list[str]) -> int:
    """Run featurectl."""
    command = Command(
        "featurectl", "The fallback for each dependency: accept orders now, do that part later."
    )
    command.verb("list", "how each stands", listing)
    verbs = {
        "status": ("fallback, value, by, reason, at", status),
        "on": ("accept orders and do this part later; answers say so; undo with `off`", change),
        "off": ("refuse orders again when the dependency can't be used; undo with `on`", change),
    }
    for name, (about, do) in verbs.items():
        parser = command.verb(name, about, do)
        parser.add_argument("name", metavar="NAME", help="the dependency")
        if do is change:
            parser.set_defaults(op=name)
            parser.add_argument("--reason", default="", metavar="WORDS", help="why, for the next person")
    return command.run(folder, arguments)


def _shown(layout: Layout, name: str) -> dict[str, Any]:
    found: dict[str, Any] = service.ask(layout, "GET", f"/internal/fallbacks/{name}")
    return {**found, "at": instant(found["at"])}
