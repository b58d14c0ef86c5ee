"""apictl: the API of the letters rooms."""

import argparse
from pathlib import Path

from keys_practice.commands.frame import Command, Result
from keys_practice.layout import Layout
from keys_practice.tenants.commands import process


def status(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Describe the process."""
    return process.status(layout, "api")


def change(layout: Layout, asked: argparse.Namespace) -> Result:
    """Start, stop or restart it."""
    return process.change(layout, "api", layout.facts()["api_url"], asked.op)


def health(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Ask it how it is."""
    return process.asked_health(layout.facts()["api_url"])


def main(folder: Path, arguments: list[str]) -> int:
    """Run apictl."""
    command = Command(
        "apictl", "The API of the letters rooms, in front of the database: its process and health."
    )
    command.verb("status", "state, pid, since, exit_code", status)
    command.verb("health", "ask GET /health; reads only", health)
    for op, about in {
        "start": "start it and wait until it answers",
        "stop": "stop it: no customer reaches anything until it is started",
        "restart": "stop and start it",
    }.items():
        command.verb(op, about, change).set_defaults(op=op)
    return command.run(folder, arguments)
