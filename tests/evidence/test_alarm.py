"""The integrity alarm: no new run on a journal that does not verify, until somebody declares what happened."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from uuid import uuid4

import pytest
from a_journal import Journal
from click.testing import CliRunner
from keyring import (
    OPENED,
    RUN,
    declared,
    edit,
    entered,
    made,
    open_another,
    rewritten,
    signed_store,
    three_runs,
    told,
    verified,
    wait,
    write,
)

from runbook_keys.cli.main import cli
from runbook_keys.errors import JournalUnavailable, RefusedInput, SigningUnavailable
from runbook_keys.model.entry import Alarm
from runbook_keys.operations.recorded import find_run

SAMPLES = Path(__file__).with_name("samples")


def alarm_of(home: Path) -> Alarm | None:
    """The alarm that stands."""
    store = signed_store(home)
    wait(store.close())
    return store.alarm()


def cut(home: Path) -> None:
    """Take the last run out, as a disk or a person may."""
    edit(home, *(f"DELETE FROM {table} WHERE run_no = 3" for table in ("spine", "entries", "runs")))


def test_what_verify_finds_closes_the_journal_to_new_runs(tmp_path: Path) -> None:
    """The refusal says since when, what was found, and what to do about the incident now."""
    three_runs(tmp_path)
    rewritten(tmp_path)
    assert verified(tmp_path).damages
    with pytest.raises(JournalUnavailable, match=r"takes no new run since .*KEYS_HOME=NEW-FOLDER"):
        open_another(tmp_path)


def test_a_run_under_way_goes_on_in_spite_of_the_alarm(tmp_path: Path) -> None:
    """What it did must not be lost, and it has nowhere else to go."""
    store = signed_store(tmp_path)
    write(store, RUN, 0, OPENED, entered(1))
    store.sound_alarm(Alarm("2026-11-23T03:12:45.123Z", "Row 7 was changed."))
    assert write(store, RUN, 2, entered(2)) == 3
    wait(store.close())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checkpoints SET note = X'00' WHERE no = 6",
        "UPDATE spine SET spine_link = printf('%064d', 1) WHERE gseq = 12",
        "DELETE FROM spine WHERE gseq = 12",
    ],
)
def test_opening_a_run_looks_at_the_newest_checkpoint(tmp_path: Path, statement: str) -> None:
    """Nobody has run `keys verify` yet; the run is refused, and the alarm stays."""
    three_runs(tmp_path)
    edit(tmp_path, statement)
    with pytest.raises(JournalUnavailable, match=r"newest checkpoint \(6\) does not fit row 12"):
        open_another(tmp_path)
    assert alarm_of(tmp_path) is not None


def test_the_first_finding_stays(tmp_path: Path) -> None:
    """A second alarm does not overwrite when and why the first one began."""
    store = signed_store(tmp_path)
    first = Alarm("2026-11-23T03:12:45.123Z", "Row 7 was changed.")
    store.sound_alarm(first)
    store.sound_alarm(Alarm("2026-11-24T03:12:45.123Z", "Row 9 was changed."))
    assert store.alarm() == first
    wait(store.close())


def test_an_alarm_that_cannot_be_read_is_an_alarm(tmp_path: Path) -> None:
    """Whoever spoils the file does not open the journal by it."""
    three_runs(tmp_path)
    (tmp_path / "journal.alarm").write_bytes(b"{")
    with pytest.raises(JournalUnavailable, match=r"journal\.alarm is there"):
        open_another(tmp_path)


def test_what_a_person_keeps_beside_the_alarm_stays(tmp_path: Path) -> None:
    """Only drafts of ours are cleared away, whatever else begins with its name."""
    store = signed_store(tmp_path)
    ours, theirs = tmp_path / f"journal.alarm.{uuid4().hex}", tmp_path / "journal.alarm.bak"
    ours.write_bytes(b"half")
    theirs.write_bytes(b"mine")
    store.sound_alarm(Alarm("2026-11-23T03:12:45.123Z", "Row 7 was changed."))
    wait(store.close())
    assert theirs.read_bytes() == b"mine"
    assert sorted(tmp_path.glob("journal.alarm*")) == [tmp_path / "journal.alarm", theirs]


def test_a_declaration_ends_the_alarm_and_is_told_ever_after(tmp_path: Path) -> None:
    """The damage is no news any more, and its reason stays in sight."""
    three_runs(tmp_path)
    cut(tmp_path)
    assert verified(tmp_path).damages
    declared(tmp_path, reason="disk lost its end")
    report = verified(tmp_path)
    assert report.damages == ()
    assert any("damage declared: disk lost its end" in notice for notice in report.notices)
    open_another(tmp_path)
    assert verified(tmp_path).damages == ()


def test_new_damage_after_a_declaration_is_found(tmp_path: Path) -> None:
    """What was declared covers that day's findings and nothing else."""
    three_runs(tmp_path)
    cut(tmp_path)
    declared(tmp_path)
    open_another(tmp_path)
    edit(tmp_path, "UPDATE entries SET line = X'7b7d0a' WHERE run_no = 1 AND seq = 3")
    assert "This entry was changed" in told(verified(tmp_path).damages)
    assert alarm_of(tmp_path) is not None


def test_what_an_earlier_release_declared_by_its_words_still_counts(tmp_path: Path) -> None:
    """A journal damaged in eleven ways, declared before there were codes: it alarms nobody; one thing more does."""
    shutil.copytree(SAMPLES / "declared-by-words", tmp_path, dirs_exist_ok=True)
    report = verified(tmp_path)
    assert (report.damages, report.alarm, report.runs) == ((), None, 3)
    edit(tmp_path, "UPDATE entries SET line = X'7b7d0a' WHERE run_no = 3 AND seq = 1")
    assert {(each.code, each.run, each.seq) for each in verified(tmp_path).damages} == {
        ("entry-changed", "r-2", 1),
        ("entry-unreadable", "r-2", 1),
    }


def test_a_change_at_a_declared_place_is_new(tmp_path: Path) -> None:
    """Somebody who hides behind a declaration: the same entry, another text."""
    three_runs(tmp_path)
    edit(tmp_path, "UPDATE entries SET line = X'7b7d' WHERE run_no = 1 AND seq = 3")
    declared(tmp_path)
    assert verified(tmp_path).damages == ()
    edit(tmp_path, "UPDATE entries SET line = X'7b' WHERE run_no = 1 AND seq = 3")
    assert {each.code for each in verified(tmp_path).damages} == {"entry-changed", "entry-unreadable"}


def test_the_commands_show_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In brackets for a person, with its facts for a program."""
    three_runs(tmp_path)
    edit(tmp_path, "DELETE FROM entries WHERE run_no = 1 AND seq IN (2, 3)")
    monkeypatch.setenv("KEYS_HOME", str(tmp_path))
    assert "Entries 2 to 3 are missing. [entries-missing]" in CliRunner().invoke(cli, ["verify"]).output
    (found,) = json.loads(CliRunner().invoke(cli, ["verify", "--json"]).output)["damages"]
    assert (found["run"], found["seq"], found["code"]) == ("r-0", 2, "entries-missing")
    assert found["facts"] == {"first": 2, "last": 3}


def test_the_same_end_cut_again_after_its_declaration_is_found(tmp_path: Path) -> None:
    """Rows that came after the declaration are not covered by it."""
    three_runs(tmp_path)
    cut(tmp_path)
    declared(tmp_path)
    open_another(tmp_path)
    cut(tmp_path)
    assert "the rest was cut off" in told(verified(tmp_path).damages)


def test_a_restored_backup_is_declared_with_what_was_kept_elsewhere(tmp_path: Path) -> None:
    """The backup is whole in itself. Once declared, the kept checkpoint alarms no more, and numbers do not repeat."""
    here, old = tmp_path / "here", tmp_path / "old"
    three_runs(here)
    shutil.copytree(here, old)
    open_another(here)
    kept = made(here).checkpoint
    assert verified(old, kept=kept.note).damages
    assert declared(old, kept.note) > kept.no
    assert verified(old, kept=kept.note).damages == ()
    open_another(old, RUN)
    report = verified(old, kept=kept.note)
    assert report.damages == ()
    assert report.signed == report.entries


def test_nobody_declares_without_the_key(tmp_path: Path) -> None:
    """An unsigned declaration could be anybody's; the alarm stands."""
    three_runs(tmp_path)
    cut(tmp_path)
    (tmp_path / "signing" / "key.pem").unlink()
    with pytest.raises(SigningUnavailable):
        declared(tmp_path)
    assert alarm_of(tmp_path) is not None


def test_a_forged_declaration_counts_for_nothing(tmp_path: Path) -> None:
    """Marks in a checkpoint whose signature is wrong are not believed."""
    three_runs(tmp_path)
    cut(tmp_path)
    declared(tmp_path)
    edit(
        tmp_path,
        "UPDATE checkpoints SET note = CAST(replace(CAST(note AS TEXT), 'declared: backup', 'declared: disk') AS BLOB)",
    )
    found = told(verified(tmp_path).damages)
    assert "the rest was cut off" in found
    assert "has a signature that its key did not make" in found


def test_there_is_nothing_to_declare_where_all_is_well(tmp_path: Path) -> None:
    """A declaration in advance would be a way to hide something."""
    three_runs(tmp_path)
    with pytest.raises(RefusedInput, match="nothing to declare"):
        declared(tmp_path)


def test_a_checkpoint_of_another_journal_is_named_and_begins_no_alarm(tmp_path: Path) -> None:
    """A wrong file name in the night must not close the journal."""
    here, there = tmp_path / "here", tmp_path / "there"
    three_runs(here)
    open_another(there)
    report = verified(here, kept=made(there).checkpoint.note)
    assert "is of another journal" in told(report.damages)
    assert alarm_of(here) is None


def test_the_commands_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """verify names the alarm and the two ways on; declare wants the number of findings; then the journal is open."""
    monkeypatch.setenv("KEYS_HOME", str(tmp_path))
    three_runs(tmp_path)
    cut(tmp_path)
    seen = CliRunner().invoke(cli, ["verify"])
    assert seen.exit_code == 1
    assert "keys declare --reason WHY" in seen.output
    assert "takes no new run" in CliRunner().invoke(cli, ["doctor"]).output.replace("\n", " ")
    refused = CliRunner().invoke(cli, ["declare", "--reason", "disk"])
    assert "Give --confirm" in str(refused.exception or refused.output)
    number = str(len(verified(tmp_path).damages))
    done = CliRunner().invoke(cli, ["declare", "--reason", "disk", "--confirm", number])
    assert "takes new runs again" in done.output
    assert CliRunner().invoke(cli, ["verify"]).exit_code == 0


@pytest.mark.parametrize("command", [["runs"], ["stats"], ["followups"], ["doctor"]])
def test_a_run_that_somebody_edited_keeps_nobody_from_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """Every list goes on without it; those that count say that it is missing."""
    journal = Journal(tmp_path)
    journal.install()
    first, second = journal.run(), journal.run()
    edit(tmp_path, "UPDATE entries SET line = X'7b7d0a' WHERE run_no = 2 AND seq = 2")
    monkeypatch.setenv("KEYS_HOME", str(tmp_path))
    seen = CliRunner().invoke(cli, command)
    if command != ["doctor"]:
        assert seen.exit_code == 0
        assert second in seen.stderr
    if command == ["runs"]:
        assert first in seen.stdout


def test_what_can_be_read_of_an_edited_run_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry that can't be read stands in its place, and the others in theirs."""
    journal = Journal(tmp_path)
    journal.install()
    run = journal.run()
    edit(tmp_path, "UPDATE entries SET line = X'7b7d0a' WHERE run_no = 1 AND seq = 1")
    monkeypatch.setenv("KEYS_HOME", str(tmp_path))
    seen = CliRunner().invoke(cli, ["show", run]).stdout
    assert "CAN'T BE READ" in seen
    assert "At S1" in seen


def test_the_latest_open_run_is_found_past_an_edited_one(tmp_path: Path) -> None:
    """`keys resume` at 3 AM must not stumble over somebody else's run."""
    journal = Journal(tmp_path)
    journal.install()
    first, _ = journal.run(), journal.run()
    edit(tmp_path, "UPDATE entries SET line = X'7b7d0a' WHERE run_no = 2 AND seq = 2")
    assert journal.do(lambda opened: find_run(opened, "")).run == first
