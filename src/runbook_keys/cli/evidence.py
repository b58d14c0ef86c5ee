"""The commands for auditors and for whoever owns the record: verify, checkpoint, export, erase."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook_keys.cli.endings import Exit
from runbook_keys.cli.opening import say, show_json, with_services
from runbook_keys.cli.text import hanging
from runbook_keys.errors import KeysError

if TYPE_CHECKING:
    from runbook_keys.operations.checkpoints import CheckpointMade
    from runbook_keys.operations.services import Services
    from runbook_keys.operations.verify import VerifyReport


def add_evidence_commands(cli: click.Group) -> None:
    """Add the commands of this page to `cli`."""
    for made in (verify_command, checkpoint_command):
        cli.add_command(made)


@click.command("verify")
@click.argument("run", default="", metavar="[RUN]")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="Checkpoints that were kept elsewhere: they find what was cut off, put back or signed anew.",
)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
def verify_command(run: str, against: Path | None, as_json: bool) -> None:
    """Check that the record of RUN is whole and signed; without RUN, the whole journal.

    Example: keys verify --against last-month.checkpoint
    """
    from runbook_keys.operations.verify import verify

    kept = read_file(against) if against else b""
    report = with_services(lambda services: verify(services, run, kept))
    show_json(report) if as_json else say(verify_lines(report, run or "all runs"))
    sys.exit(Exit.FAILED if report.damages else Exit.OK)


def read_file(path: Path) -> bytes:
    """The content. Raises KeysError in an operator's words."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeysError(f"{path} can't be read: {error.strerror}. Check the name, then try again.") from error


def verify_lines(report: VerifyReport, name: str) -> list[str]:
    """Whole, or what is wrong and where; then what is signed, and what somebody should know."""
    signed = _signed_lines(report)
    if not report.damages:
        return [
            f"The journal is whole: {report.entries} entries, {report.runs} runs ({name}).",
            *signed,
            f"Head: {report.head or 'empty'}",
        ]
    lines = [f"The journal is DAMAGED: {len(report.damages)} findings ({name})."]
    for each in report.damages:
        where = f"{each.run or 'journal'}" + (f", entry {each.seq}" if each.seq else "")
        lines += hanging(f"  {where}: ", each.what)
    return [
        *lines,
        *signed,
        "Keep this file as it is. Compare it with a copy, and tell whoever owns the record.",
    ]


def _signed_lines(report: VerifyReport) -> list[str]:
    lines = [f"Signed: none of {report.entries} entries."]
    if report.signed:
        lines = [
            f"Signed: {report.signed} of {report.entries} entries, up to checkpoint {report.checkpoint}.",
            *(f"Key: {key}" for key in report.keys),
        ]
    for notice in report.notices:
        lines += hanging("Note: ", notice)
    return lines


@click.command("checkpoint")
@click.option("--new-key", default="", metavar="REASON", help="Sign with a new key from now on, and why.")
def checkpoint_command(new_key: str) -> None:
    """Sign the journal as it is now, and print the checkpoint. Keep it where others can't change it.

    Example: keys checkpoint > today.checkpoint
    """
    from runbook_keys.operations.checkpoints import change_key, make_checkpoint

    async def make(services: Services) -> CheckpointMade:
        return await (change_key(services, new_key) if new_key else make_checkpoint(services))

    made = with_services(make)
    click.echo(made.checkpoint.note.decode("utf-8"), nl=False)
    for line in _checkpoint_lines(made):
        click.echo(line, err=True)
    sys.exit(Exit.FAILED if made.fault else Exit.OK)


def _checkpoint_lines(made: CheckpointMade) -> Sequence[str]:
    if made.fault:
        return hanging("keys: It is NOT signed. ", made.fault)
    return [f"keys: Checkpoint {made.checkpoint.no} over {made.checkpoint.gseq} entries. Key: {made.key}"]
