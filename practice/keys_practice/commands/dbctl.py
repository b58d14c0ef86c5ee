"""dbctl: the database server's process. Belongs to the database team."""

import argparse
import socket
from pathlib import Path

from keys_practice import keeper_client
from keys_practice.commands.frame import NO, YES, Command, Result, facts
from keys_practice.layout import Layout
from keys_practice.processes import wait_until

READY_SECONDS = 10


def status(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Describe the process and whether it takes connections."""
    content = {**keeper_client.unit_status(layout, "postgres"), "accepting_connections": _accepts(layout)}
    return Result(content, facts(content), YES if content["accepting_connections"] else NO)


def change(layout: Layout, asked: argparse.Namespace) -> Result:
    """Start, stop or restart the server; a start waits until it takes connections."""
    keeper_client.ask(layout, asked.op, "postgres")
    is_wanted = asked.op != "stop"
    wait_until(lambda: _accepts(layout) == is_wanted, READY_SECONDS)
    found = status(layout, asked)
    return found._replace(exit_code=YES if found.content["accepting_connections"] == is_wanted else NO)


def main(folder: Path, arguments: list[str]) -> int:
    """Run dbctl."""
    command = Command("dbctl", "The database server that every service shares: its process.")
    command.verb("status", "state, pid, since, accepting_connections", status)
    for op in ("start", "stop", "restart"):
        command.verb(op, f"{op} the database server", change).set_defaults(op=op)
    return command.run(folder, arguments)


def _accepts(layout: Layout) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(layout.facts()["postgres_port"])), timeout=2).close()
    except OSError:
        return False
    return True
