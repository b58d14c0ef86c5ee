"""Over a history that is not the one that was signed, a run under way is recorded, and nothing is signed before somebody declares it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from a_journal import Journal
from click.testing import CliRunner
from keyring import (
    APPROVED,
    RUN,
    declared,
    edit,
    made,
    open_another,
    rewritten,
    signed_store,
    three_runs,
    verified,
    wait,
    write,
)

from runbook_keys.cli.main import cli
from runbook_keys.engine import inputs as i
from runbook_keys.errors import SigningUnavailable
from runbook_keys.journal.checkpoint import Note, read_note
from runbook_keys.model.entry import Alarm
from runbook_keys.operations.reports.export import export
from runbook_keys.operations.services import Services

EMPTIED = ("INSERT INTO runs (run_no, run) VALUES (5, 'r-nobody')",)
UNLISTED = (
    "INSERT INTO entries (run_no, seq, line, link) SELECT 9, seq, line, link FROM entries WHERE run_no = 1",
)
CHANGED = ("UPDATE entries SET line = X'7b7d0a' WHERE run_no = 1 AND seq = 3",)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three runs that are over, and RUN under way."""
    home = tmp_path / "home"
    home.mkdir()
    three_runs(home)
    open_another(home, RUN)
    return home


def approve(home: Path, after_seq: int = 2) -> tuple[Note, str]:
    """An approval in the run under way: its checkpoint, and what the operator is told."""
    store = signed_store(home)
    write(store, RUN, after_seq, APPROVED)
    checkpoints, notice = wait(store.checkpoints()), store.notice()
    wait(store.close())
    return read_note(checkpoints[-1].note), notice


def test_a_run_on_a_rewritten_history_is_recorded_and_not_signed(home: Path) -> None:
    """The checkpoint says why it has no signature, and so does the screen; nobody has run `keys verify`."""
    kept = (home / "signing" / "latest").read_bytes()
    rewritten(home)
    note, notice = approve(home)
    assert note.signatures == ()
    assert "the last one that this machine signed, does not fit row 14" in note.unsigned
    assert "nothing is signed until `keys verify` and `keys declare` have settled it" in notice
    assert (home / "signing" / "latest").read_bytes() == kept
    report = verified(home)
    assert {"spine-rewritten", "remembered-rewritten"} <= {each.code for each in report.damages}
    assert report.signed < report.entries
    assert report.alarm is not None
    assert report.alarm.is_rewritten


@pytest.mark.parametrize("statements", [EMPTIED, UNLISTED])
def test_what_verify_finds_of_it_stops_signing_too(home: Path, statements: tuple[str, ...]) -> None:
    """An emptied run, entries that no run has: the newest checkpoint fits, only the look through all of it tells."""
    edit(home, *statements)
    assert approve(home)[0].signatures
    assert {each.code for each in verified(home).damages} <= {"run-empty", "entries-unlisted", "runs-missing"}
    note, notice = approve(home, 3)
    assert note.signatures == ()
    assert "The run goes on" in notice


def test_a_declaration_is_signed_and_so_is_what_follows(home: Path) -> None:
    """It covers what was not signed meanwhile, and the journal verifies again."""
    rewritten(home)
    approve(home)
    declared(home)
    note, notice = approve(home, 3)
    assert (len(note.signatures), notice) == (1, "")
    report = verified(home)
    assert (report.damages, report.alarm, report.signed) == ((), None, report.entries)


def test_other_damage_does_not_stop_signing(home: Path) -> None:
    """Else a spoiled line of an old run would leave tonight's approvals open to whoever spoiled it."""
    edit(home, *CHANGED)
    alarm = verified(home).alarm
    assert alarm is not None
    assert not alarm.is_rewritten
    note, notice = approve(home)
    assert (len(note.signatures), notice) == (1, "")


def test_an_alarm_learns_that_the_history_is_rewritten_and_keeps_its_beginning(home: Path) -> None:
    """What was found first, and when, stays; a second look that finds less takes nothing back."""
    store = signed_store(home)
    first = Alarm("2026-11-23T03:12:45.123Z", "Row 7 was changed.")
    for alarm in (first, Alarm("2026-11-24T03:12:45.123Z", "Cut.", is_rewritten=True), first):
        store.sound_alarm(alarm)
    assert store.alarm() == Alarm(first.at, first.what, is_rewritten=True)
    wait(store.close())
    assert json.loads((home / "journal.alarm").read_bytes())["is_rewritten"]


def test_an_alarm_of_an_older_release_is_read(home: Path) -> None:
    """It did not say whether the history is rewritten; a look finds out."""
    (home / "journal.alarm").write_bytes(b'{"at":"2026-11-23T03:12:45.123Z","what":"Cut."}')
    assert approve(home)[0].signatures
    edit(home, *EMPTIED)
    verified(home)
    assert approve(home, 3)[0].signatures == ()


def test_nobody_gets_a_signature_by_asking_for_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`keys checkpoint` says that it is not signed, and the key is not changed."""
    rewritten(home)
    key = (home / "signing" / "key.pem").read_bytes()
    assert "does not fit row 14" in made(home).fault
    with pytest.raises(SigningUnavailable, match=r"The key was not changed\. .*does not fit row 14"):
        made(home, new_key="a year has passed")
    assert (home / "signing" / "key.pem").read_bytes() == key
    monkeypatch.setenv("KEYS_HOME", str(home))
    done = CliRunner().invoke(cli, ["checkpoint"])
    assert done.exit_code == 1
    assert done.stderr.count("does not fit row 14") == 1


def test_only_a_run_whose_record_is_signed_is_exported_over_it(tmp_path: Path) -> None:
    """The refusal of the other one says why, and ends with the declaration."""
    journal = Journal(tmp_path / "home")
    journal.install()
    signed, unsigned = journal.run(), journal.run(i.BecomeAware())
    edit(journal.home, *EMPTIED)
    verified(journal.home)

    async def both(at: Services) -> int:
        assert (await export(at, signed)).files
        return len((await export(at, unsigned)).files)

    with pytest.raises(SigningUnavailable, match=rf"{unsigned} can't be exported.*have settled it"):
        journal.do(both)
    declared(journal.home)
    assert journal.do(both) > 10
