"""mailctl: the outside mail sender, as its dashboard shows it. It can only look."""

import argparse
import http.client
from pathlib import Path

from keys_practice.commands.frame import NO, YES, Command, Result, facts, table
from keys_practice.jobs import outside
from keys_practice.jobs.commands import ask
from keys_practice.layout import Layout


def health(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Ask whether it takes mail."""
    status = outside.mail_status(layout)
    content = {"answers": status != 0, "http_status": status}
    return Result(content, facts(content), YES if status == http.client.OK else NO)


def sent(layout: Layout, asked: argparse.Namespace) -> Result:
    """The messages about one job."""
    found = ask.messages(layout, asked.job)
    content = {"count": len(found), "messages": [{"at": each["at"], "to": each["to"]} for each in found]}
    rows: list[list[object]] = [[each["at"], each["to"]] for each in found]
    return Result(content, table(rows) if rows else "nothing was sent", YES if found else NO)


def main(folder: Path, arguments: list[str]) -> int:
    """Run mailctl."""
    command = Command("mailctl", "The outside mail sender's dashboard. Nothing here changes anything.")
    command.verb("health", "does it take mail? exit 0 yes, 1 no", health)
    parser = command.verb("sent", "what was sent for one job; exit 0 something, 1 nothing", sent)
    parser.add_argument("job", metavar="JOB")
    return command.run(folder, arguments)
