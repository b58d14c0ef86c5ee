"""modelctl: the model provider's service as we see it, and which version answers our customers."""

import argparse
from pathlib import Path
from typing import Any

from keys_practice import http_client
from keys_practice.assist.commands import asking
from keys_practice.assist.places import layout_of
from keys_practice.commands.frame import NO, YES, Command, Result, facts, table
from keys_practice.errors import Unreachable
from keys_practice.layout import Layout


def health(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Ask whether the model service answers."""
    try:
        code = http_client.call("GET", f"{layout.facts()['model_url']}/healthz", seconds=5).status
    except Unreachable:
        code = 0
    content = {"listening": code != 0, "http_status": code}
    return Result(content, facts(content), YES if code == 200 else NO)


def listing(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Every version, and where the alias `letter` leads."""
    found = asking.models(layout)
    content = {"alias": found["alias"], "versions": [each["id"] for each in found["data"]]}
    return Result(content, facts(content))


def status(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Our setting, and the version that truly answers."""
    setting = asking.one(layout_of(layout), "model")
    is_pinned = setting["value"] != "letter"
    version = setting["value"] if is_pinned else asking.alias(layout)
    content: dict[str, Any] = {"version": version, "pinned": "yes" if is_pinned else "no", **setting}
    return Result(content, facts(content))


def history(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """When the provider's alias moved, newest first. Changes of ours stand in `assistctl settings history`."""
    moves = asking.models(layout)["moves"][::-1]
    return Result(moves, table([[each["at"], each["alias"], each["to"]] for each in moves]))


def pin(layout: Layout, asked: argparse.Namespace) -> Result:
    """Let one version answer, wherever the alias leads."""
    return asking.changed(layout, "model", asked.version, asked.reason)


def undo(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Put back what was set before."""
    return asking.undone(layout, "model")


def main(folder: Path, arguments: list[str]) -> int:
    """Run modelctl."""
    command = Command("modelctl", "The model, its versions, and which of them answers our customers.")
    command.verb("health", "does the model service answer? exit 0 yes, 1 no", health)
    command.verb("list", "every version, and where the alias leads", listing)
    command.verb("status", "the version that truly answers, and our setting", status)
    command.verb("history", "when the provider's alias moved", history)
    pinned = command.verb("pin", "let this version answer; undo with `undo`", pin)
    pinned.add_argument("version", metavar="VERSION")
    pinned.add_argument("--reason", default="", metavar="WORDS", help="why, for the next person")
    command.verb("undo", "put back what was set before", undo)
    return command.run(folder, arguments)
