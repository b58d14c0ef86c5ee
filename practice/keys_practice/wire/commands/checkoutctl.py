"""checkoutctl: the checkout's process, health and log."""

import argparse
from pathlib import Path

from keys_practice.commands import appctl
from keys_practice.commands.frame import Command, Result
from keys_practice.layout import Layout
from keys_practice.wire.layout import layout_of


def logs(layout: Layout, asked: argparse.Namespace) -> Result:
    """Show the end of checkout.log."""
    text = layout_of(layout).app_log.read_text("utf-8", "replace")
    lines = text.splitlines()[-asked.lines :] if asked.lines else []
    return Result({"lines": lines}, "\n".join(lines))


def main(folder: Path, arguments: list[str]) -> int:
    """Run checkoutctl."""
    command = Command("checkoutctl", "The checkout: process, health, log.")
    command.verb("status", "state, pid, release, since, exit_code", appctl.status)
    for op in ("start", "stop", "restart"):
        command.verb(op, f"{op} the checkout", appctl.change).set_defaults(op=op)
    command.verb("health", "ask GET /healthz; reads only", appctl.health)
    lines = command.verb("logs", "the end of checkout.log", logs)
    lines.add_argument("--lines", type=int, default=50, metavar="N", help="how many (default 50)")
    return command.run(folder, arguments)
