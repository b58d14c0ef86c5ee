"""The commands for auditors and for whoever owns the record: verify, checkpoint, export, erase, declare."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from runbook_keys.cli.endings import Exit
from runbook_keys.cli.erasing import erase_command
from runbook_keys.cli.followups import me
from runbook_keys.cli.opening import read_file, say, show_json, told, typed, with_services
from runbook_keys.cli.text import counted, hanging
from runbook_keys.cli.writing import is_same, write_folder, write_whole
from runbook_keys.errors import KeysError

if TYPE_CHECKING:
    from runbook_keys.operations.record.checkpoints import CheckpointMade
    from runbook_keys.operations.record.verify import VerifyReport
    from runbook_keys.operations.reports.export import BundleCheck, Exported
    from runbook_keys.operations.services import Services


def add_evidence_commands(cli: click.Group) -> None:
    """Add the commands of this page to `cli`."""
    for made in (verify_command, checkpoint_command, export_command, erase_command, declare_command):
        cli.add_command(made)


@click.command("verify")
@click.argument("what", default="", metavar="[RUN|FOLDER|ZIP|STATEMENT]")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="Checkpoints that were kept elsewhere, a file or a folder: they find what was cut off, put back or signed anew.",
)
@click.option(
    "--key", default="", metavar="FINGERPRINT", help="Of a bundle: the key that its owner told you."
)
@click.option(
    "--receipt", "receipts", multiple=True, metavar="RUN:ENTRY:HEX", help="What an approver wrote down."
)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
def verify_command(
    what: str, against: Path | None, key: str, receipts: tuple[str, ...], as_json: bool
) -> None:
    """Check that the record of RUN is whole and signed; without RUN, the whole journal; or a bundle, or a statement about one.

    Example: keys verify --against last-month.checkpoint
    """
    from runbook_keys.operations.record.verify import verify

    if what and Path(what).exists():
        if against or receipts:
            raise click.UsageError("--against and --receipt are for the journal, not for a bundle.")
        _verify_bundle(Path(what), key, as_json)
    kept = read_kept(against) if against else b""
    report = with_services(lambda services: verify(services, what, kept, receipts))
    show_json(report) if as_json else say(verify_lines(report, what or "all runs"))
    sys.exit(Exit.FAILED if report.damages else Exit.OK)


def _verify_bundle(path: Path, key: str, as_json: bool) -> NoReturn:
    from runbook_keys.operations.reports.attestation import check_handed_in

    async def look(services: Services) -> BundleCheck:
        return check_handed_in(services, path, key)

    found = with_services(look)
    show_json(found) if as_json else say(_bundle_lines(found, path))
    sys.exit(Exit.FAILED if found.report.damages else Exit.OK)


def _bundle_lines(found: BundleCheck, path: Path) -> list[str]:
    report = found.report
    notes = [line for notice in (*report.notices, *found.notices) for line in hanging("Note: ", notice)]
    if not report.damages:
        whole = f"The bundle is whole: run {report.run}, {report.entries} entries ({path})."
        return [*hanging("", whole), *notes, f"Key: {found.key}"]
    lines = hanging("", f"The bundle was CHANGED: {counted(len(report.damages), 'finding')} ({path}).")
    for damage in report.damages:
        lines += hanging("  - ", damage)
    return [*lines, *notes, "Do not rely on it. Ask its owner for it again, by another way."]


def read_kept(path: Path) -> bytes:
    """The checkpoints in a file, or in all the files `*.note` of a folder. Raises KeysError in an operator's words."""
    return b"".join(map(read_file, sorted(path.glob("*.note")))) if path.is_dir() else read_file(path)


def verify_lines(report: VerifyReport, name: str) -> list[str]:
    """Whole, or what is wrong and where; then what is signed, and what somebody should know."""
    signed = [*_signed_lines(report), *_alarm_lines(report)]
    if not report.damages:
        return [
            f"The journal is whole: {counted(report.entries, 'entry', 'entries')}, {counted(report.runs, 'run')} ({name}).",
            *signed,
            f"Head: {report.head or 'empty'}",
        ]
    lines = [f"The journal is DAMAGED: {counted(len(report.damages), 'finding')} ({name})."]
    for each in report.damages:
        where = f"{each.run or 'journal'}" + (f", entry {each.seq}" if each.seq else "")
        lines += hanging(f"  {where}: ", f"{each.what} [{each.code}]")
    return [
        *lines,
        *signed,
        "Keep this file as it is. Compare it with a copy, and tell whoever owns the record.",
        "Runs that are whole can be shown, exported and resumed.",
    ]


def _alarm_lines(report: VerifyReport) -> list[str]:
    if report.alarm is None:
        return []
    since = f" since {report.alarm.at}" if report.alarm.at else ""
    return [
        *hanging("", f"An integrity alarm stands{since}: the journal takes no new run."),
        "For a new incident: KEYS_HOME=NEW-FOLDER keys run SLUG",
        "Once you know what happened: keys declare --reason WHY",
    ]


def _signed_lines(report: VerifyReport) -> list[str]:
    lines = [f"Signed: none of {report.entries} entries."]
    if report.signed:
        lines = [
            f"Signed: {report.signed} of {report.entries} entries, up to checkpoint {report.checkpoint}.",
            *(f"Key: {key}" for key in report.keys),
        ]
    for words in report.anchored:
        lines += hanging("Anchored: ", words)
    for notice in filter(None, (*report.notices, report.unremembered, *report.lags)):
        lines += hanging("Note: ", notice)
    return lines


@click.command("checkpoint")
@click.option("--new-key", default="", metavar="REASON", help="Sign with a new key from now on, and why.")
def checkpoint_command(new_key: str) -> None:
    """Sign the journal as it is now, and print the checkpoint. Keep it where others can't change it.

    Example: keys checkpoint > today.checkpoint
    """
    from runbook_keys.operations.record.checkpoints import change_key, make_checkpoint

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


@click.command("export")
@click.argument("run")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where to put it."
)
@click.option("--dsse", is_flag=True, help="A signed in-toto statement about the zip as well, for machines.")
@click.option("--pdf", is_flag=True, help="The report as PDF as well.")
def export_command(run: str, out: Path, dsse: bool, pdf: bool) -> None:
    """Write the evidence of RUN as one folder and one zip, which anybody can check without KEYS.

    Example: keys export r-20261123-0312-k7qm --out evidence
    """
    made, beside, notice = with_services(lambda services: _taken(services, run, out, dsse=dsse, pdf=pdf))
    folder = out / made.name
    try:
        if not folder.exists():
            write_folder(folder, made.files)
        for name, content in beside.items():
            write_whole(out / name, content)
    except BlockingIOError as error:
        raise KeysError(f"Another `keys export` is writing {folder}. Wait for its end.") from error
    except OSError as error:
        raise KeysError(
            f"{error.filename or folder} can't be written: {error.strerror}. Mend that, then export again."
        ) from error
    say(
        [
            f"{folder} is written: {len(made.files)} files. Beside it: {', '.join(beside)}.",
            f"Read:  {folder / 'data' / 'report.html'}",
            f"Check: {folder / 'VERIFY.md'}, or `keys verify {folder}`",
            f"Tell the auditor this number by another way: {made.key}",
        ]
    )
    told(notice)


async def _taken(
    services: Services, run: str, out: Path, *, dsse: bool, pdf: bool
) -> tuple[Exported, dict[str, bytes], str]:
    """A bundle, what goes beside its folder, and what is to be said where the copy could not be put on record."""
    from runbook_keys.operations.record.access import record_copy
    from runbook_keys.operations.reports.attestation import ENDING, attest
    from runbook_keys.operations.reports.export import export, paper_of

    made = await export(services, run)
    beside = {f"{made.name}.zip": made.zip}
    if dsse:
        beside[f"{made.name}{ENDING}"] = attest(services, made)
    if pdf:
        beside[f"{made.name}.pdf"] = paper_of(services, made)
    _refuse_what_is_there(out, made, beside)
    return made, beside, await record_copy(services, me(), made.record.head.run, made.digest)


def _refuse_what_is_there(out: Path, made: Exported, beside: Mapping[str, bytes]) -> None:
    """Whatever is there already is left alone, unless it is a part of the same copy that was cut off in between."""
    there = [path for path in (out / name for name in (made.name, *beside)) if path.exists()]
    other = [path for path in there if not is_same(path, made.files if path.is_dir() else beside)]
    if other or len(there) == 1 + len(beside):
        raise KeysError(
            f"{(other or there)[0]} is there already. Remove it, or give another folder by --out."
        )


@click.command("declare")
@click.option("--reason", required=True, help="What happened; it is signed and stays on the record.")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="Checkpoints that were kept elsewhere, as with `keys verify`.",
)
@click.option(
    "--confirm", default="", metavar="NUMBER", help="The number of findings, where nobody can be asked."
)
def declare_command(reason: str, against: Path | None, confirm: str) -> None:
    """Declare that what does not verify is known, such as a restored backup. The alarm ends; new damage begins another.

    Example: keys declare --reason "disk replaced, backup of 02:00 restored, ticket 2026-118"
    """
    from runbook_keys.operations.record.declare import declarable, declare

    kept = read_kept(against) if against else b""

    async def work(services: Services) -> int:
        what = await declarable(services, kept)
        count = len(what.damages)
        for each in what.damages:
            say(hanging(f"  {each.run or 'journal'}: ", f"{each.what} [{each.code}]"))
        found = (
            counted(count, "finding") if count else "The journal verifies again, and its alarm still stands"
        )
        say([f"{found}."])
        purpose = "declare that they are known" if count else "end the alarm"
        if (confirm or typed(str(count), purpose, "declared")) != str(count):
            raise KeysError(f"The number to give is {count}. Nothing was declared.")
        return (await declare(services, what, reason)).no

    number = with_services(work)
    say(
        [
            f"Declared and signed by checkpoint {number}. The journal takes new runs again.",
            "Keep that checkpoint elsewhere: keys checkpoint > today.checkpoint",
        ]
    )
