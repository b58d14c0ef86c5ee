"""Material is kept as long as the settings say, goes when they say, and a hold keeps it whatever they say."""

from __future__ import annotations

import csv
import io
import sqlite3
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from a_journal import ANNA, ESCALATED, Journal

from runbook_keys.config import Config, Retention
from runbook_keys.errors import Refused, RefusedInput
from runbook_keys.journal.lines import read
from runbook_keys.model.entry import Alarm
from runbook_keys.model.event import MaterialErased, RunKind
from runbook_keys.operations.library.doctor import examine
from runbook_keys.operations.record.erase import Erasable, erasable, erase
from runbook_keys.operations.record.retention import Due, Erased, due, erase_due
from runbook_keys.operations.record.verify import verify
from runbook_keys.operations.reports.report import report
from runbook_keys.testing.clock import FakeClock

LONG_AGO = datetime(2019, 5, 1, 3, 0, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal that keeps material for 30 days and lets it go after 90."""
    made = Journal(tmp_path)
    made.clock = FakeClock(LONG_AGO)
    made.install()
    _set(made, keep_days=30, erase_after_days=90)
    return made


def _set(journal: Journal, **settings: Any) -> None:
    journal.config = Config(retention=Retention(**settings))


def _due(journal: Journal) -> Due:
    return journal.do(due)


def _erase_due(journal: Journal) -> Erased:
    what = _due(journal)
    return journal.do(lambda at: erase_due(at, ANNA, what))


def _erase(journal: Journal, run: str, reason: str = "request 7", *, although_kept: bool = False) -> int:
    async def body(at: Any) -> int:
        return await erase(at, ANNA, await erasable(at, run, although_kept=although_kept), reason)

    return journal.do(body)


def _reasons(journal: Journal, run: str) -> list[str]:
    events = [read(stored).event for stored in journal.do(lambda at: at.store.entries(run))]
    return [event.reason for event in events if isinstance(event, MaterialErased)]


def _found(journal: Journal, framework: str, *period: date) -> dict[tuple[str, str], list[str]]:
    """What the evidence table cites, by requirement and field."""
    made = journal.do(lambda at: report(at, framework, *(period or (date(2019, 1, 1), date(2019, 12, 31)))))
    found: dict[tuple[str, str], list[str]] = {}
    for row in csv.DictReader(io.StringIO(made.files["evidence.csv"].decode())):
        found.setdefault((row["control"], row["field"]), []).append(row["words"])
    return found


def test_material_is_due_when_its_time_has_passed_and_not_a_day_before(journal: Journal) -> None:
    """Counted from the end of the run, not from its opening."""
    run = journal.run(*ESCALATED)
    journal.pass_(days=89, hours=23)
    assert () == _due(journal).runs

    journal.pass_(hours=1)
    found = _due(journal)

    assert [run] == [each.what.run for each in found.runs]
    assert found.count == len(found.runs[0].what.pieces) == 1


def test_without_the_setting_nothing_is_ever_due(journal: Journal) -> None:
    """Silence is never yes."""
    journal.run(*ESCALATED)
    journal.pass_(days=5000)
    _set(journal, keep_days=30)

    assert Due() == _due(journal)


def test_practice_and_open_runs_are_never_due_and_the_open_one_is_named(journal: Journal) -> None:
    """A drill holds nobody's data; an open run may need its material, so somebody must end it."""
    journal.run(*ESCALATED, kind=RunKind.DRILL)
    waiting = journal.run()
    journal.pass_(days=91)
    found = _due(journal)

    assert () == found.runs
    assert [f"Never ended, so never due: {waiting}. End them with `keys resume RUN`."] == list(found.notices)


def test_what_is_due_goes_with_the_setting_as_its_reason_and_is_not_due_again(journal: Journal) -> None:
    """The record stays whole, and says by which setting."""
    runs = [journal.run(*ESCALATED), journal.run(*ESCALATED)]
    journal.pass_(days=90, hours=1)

    assert Erased(2, ()) == _erase_due(journal)
    assert ["retention.erase_after_days = 90, ended 2019-05-01"] == _reasons(journal, runs[0])
    assert () == journal.do(verify).damages
    assert 0 == _due(journal).count


def test_what_was_erased_before_is_not_counted_among_what_is_due(journal: Journal) -> None:
    """The number that is typed is the number that goes."""
    first = journal.run(*ESCALATED)
    second = journal.run(*ESCALATED)
    journal.pass_(days=91)
    _erase(journal, first)

    assert [second] == [each.what.run for each in _due(journal).runs]


@pytest.mark.parametrize("by_incident", [False, True], ids=["its own name", "its incident"])
def test_a_hold_keeps_a_run_from_every_erasure_until_it_is_lifted(
    journal: Journal, by_incident: bool
) -> None:
    """Also from one for which somebody gives a good reason."""
    first = journal.run(*ESCALATED)
    held = journal.run(*ESCALATED, incident=first) if by_incident else first
    _set(journal, erase_after_days=90, hold=(first,))
    journal.pass_(days=91)

    assert 0 == _due(journal).count
    with pytest.raises(RefusedInput, match="under a legal hold"):
        _erase(journal, held, although_kept=True)
    _set(journal, erase_after_days=90)
    assert 1 == _erase(journal, held)


def test_a_slip_in_the_hold_lets_nothing_go(journal: Journal) -> None:
    """A hold that names no run may be meant for the very one that is due."""
    journal.run(*ESCALATED)
    _set(journal, erase_after_days=90, hold=("r-20190501-0300-slip",))
    journal.pass_(days=91)

    with pytest.raises(RefusedInput, match="r-20190501-0300-slip"):
        _erase_due(journal)
    assert 1 == _due(journal).count


def test_while_an_alarm_stands_nothing_goes_by_itself(journal: Journal) -> None:
    """It may be needed to find out what happened."""
    journal.run(*ESCALATED)
    journal.pass_(days=91)

    async def sound(at: Any) -> None:
        at.store.sound_alarm(Alarm("2019-08-01T00:00:00.000Z", "row 3"))

    journal.do(sound)
    with pytest.raises(RefusedInput, match="alarm stands"):
        _erase_due(journal)
    assert 1 == _due(journal).count


def test_young_material_goes_only_although_it_is_kept_and_the_record_says_so(journal: Journal) -> None:
    """A person's right may outweigh the setting; that it did is not hidden."""
    run = journal.run(*ESCALATED)
    journal.pass_(days=29)
    with pytest.raises(RefusedInput, match=r"too young: retention\.keep_days = 30 keeps it until 2019-05-31"):
        _erase(journal, run)
    with pytest.raises(Refused, match="why it is erased"):
        _erase(journal, run, " ", although_kept=True)

    assert 1 == _erase(journal, run, although_kept=True)
    assert ["request 7; although retention.keep_days = 30 keeps it until 2019-05-31"] == _reasons(
        journal, run
    )


def test_after_its_time_material_goes_without_a_word_about_the_setting(journal: Journal) -> None:
    """Nothing was overruled."""
    run = journal.run(*ESCALATED)
    journal.pass_(days=31)
    _erase(journal, run, although_kept=True)

    assert ["request 7"] == _reasons(journal, run)


def test_a_run_that_somebody_adds_to_is_left_for_the_next_time(journal: Journal) -> None:
    """The others go all the same."""
    taken, free = journal.run(*ESCALATED), journal.run(*ESCALATED)
    journal.pass_(days=91)

    async def body(at: Any) -> Erased:
        claim = at.store.claim(taken)
        try:
            return await erase_due(at, ANNA, await due(at))
        finally:
            claim.release()

    assert Erased(1, (taken,)) == journal.do(body)
    assert [taken] == [each.what.run for each in _due(journal).runs]
    assert _reasons(journal, free)


def _edited(journal: Journal, statement: str) -> None:
    connection = sqlite3.connect(journal.home / "journal.db", isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("is_remembered", [False, True], ids=["not looked at before", "looked at before"])
@pytest.mark.parametrize(
    "line", ["CAST('x' AS BLOB)", "CAST(replace(CAST(line AS TEXT), 'anna', 'elsa') AS BLOB)"]
)
def test_a_run_that_was_changed_keeps_its_material_and_the_others_are_due(
    journal: Journal, line: str, is_remembered: bool
) -> None:
    """What somebody did to it may have to be found out; nobody keeps all material by editing one run."""
    changed, whole = journal.run(*ESCALATED), journal.run(*ESCALATED)
    journal.pass_(days=91)
    if is_remembered:
        assert 2 == _due(journal).count
    _edited(journal, f"UPDATE entries SET line = {line} WHERE run_no = 1 AND seq = 2")
    found = _due(journal)

    assert [whole] == [each.what.run for each in found.runs]
    assert changed in found.notices[0]


def test_the_doctor_says_how_much_is_due_and_which_name_of_the_hold_is_unknown(journal: Journal) -> None:
    """Both can wait for daylight: neither keeps a runbook from being followed."""
    journal.run(*ESCALATED)
    _set(journal, erase_after_days=90, hold=("r-slip",))
    journal.pass_(days=91)
    machine = journal.do(examine)[0]
    said = {symptom.what: symptom.is_stopping for symptom in machine.symptoms}

    assert said["Material due for erasure: 1 piece of 1 run."] is False
    assert said["retention.hold in keys.toml names r-slip, and the journal has no such run."] is False


def test_a_report_shows_the_settings_and_how_long_they_keep(journal: Journal) -> None:
    """Twelve months are found only where the setting is as long as that."""
    journal.run(*ESCALATED)
    found = _found(journal, "pci-dss")
    assert "keep_days = 30: " in found["10.5.1", "retention policy"][0]
    assert ("10.5.1", "kept for twelve months") not in found

    _set(journal, keep_days=366)
    assert ["keep_days = 366"] == _found(journal, "pci-dss")["10.5.1", "kept for twelve months"]
    assert ("164.316(b)(2)", "kept for six years") not in _found(journal, "hipaa")
    _set(journal, keep_days=2192)
    assert ["keep_days = 2192"] == _found(journal, "hipaa")["164.316(b)(2)", "kept for six years"]


def test_without_settings_a_report_shows_none(journal: Journal) -> None:
    """What is not set is a gap, not an empty finding."""
    journal.run(*ESCALATED)
    journal.config = Config()
    found = _found(journal, "gdpr")

    assert not {"retention policy", "nothing overdue"} & {field for _, field in found}


def test_a_report_shows_what_was_erased_in_its_period_also_of_older_runs(journal: Journal) -> None:
    """Whoever asks for this year sees that last year's material went, even where no run opened in it."""
    journal.run(*ESCALATED)
    journal.pass_(days=245)
    assert ("Art. 5(1)(e)", "nothing overdue") not in _found(journal, "gdpr")
    _erase_due(journal)
    before, after = _found(journal, "gdpr"), _found(journal, "gdpr", date(2020, 1, 1), date(2020, 12, 31))

    assert ("Art. 5(1)(e)", "erasures") not in before
    assert ("Art. 5(1)(e)", "nothing overdue") in before
    assert "erase_after_days = 90" in after["Art. 5(1)(e)", "erasures"][0]


def test_an_open_run_past_its_time_is_overdue_all_the_same(journal: Journal) -> None:
    """It can't be due, but its material lies there: no report says that nothing is overdue."""
    journal.run()
    assert ("Art. 5(1)(e)", "nothing overdue") in _found(journal, "gdpr")
    journal.pass_(days=91)

    assert ("Art. 5(1)(e)", "nothing overdue") not in _found(journal, "gdpr")


def _keys(journal: Journal, *arguments: str, settings: str) -> subprocess.CompletedProcess[str]:
    """`keys` as a process without a terminal."""
    (journal.home / "keys.toml").write_text(settings, "utf-8")
    return subprocess.run(
        [sys.executable, "-m", "runbook_keys.cli.main", *arguments],
        env={
            "PATH": "/usr/bin:/bin",
            "KEYS_HOME": f"{journal.home}",
            "KEYS_CONFIG": f"{journal.home}/keys.toml",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_the_command_lists_what_is_due_and_erases_it_for_its_count_alone(journal: Journal) -> None:
    """Nobody at the terminal, or another number, erases nothing."""
    run = journal.run(*ESCALATED)
    settings = "[retention]\nerase_after_days = 90\n"
    silent = _keys(journal, "erase", "--due", settings=settings)
    other = _keys(journal, "erase", "--due", "--confirm", "2", settings=settings)

    assert (1, 1) == (silent.returncode, other.returncode)
    assert f"{run}  ended 2019-05-01  pieces 1\nDue: 1 piece of 1 run, " in silent.stdout
    assert "Nothing was erased" in silent.stderr
    assert "Nothing was erased" in other.stderr
    assert [] == _reasons(journal, run)

    done = _keys(journal, "erase", "--due", "--confirm", "1", settings=settings)
    assert (0, "") == (done.returncode, done.stderr)
    assert "Erased: 1." in done.stdout
    assert "Due: nothing" in _keys(journal, "erase", "--due", settings=settings).stdout


@pytest.mark.parametrize(
    "arguments", [("r-1", "--due"), ("--due", "--reason", "x"), ("--reason", "x"), ("r-1",), ()]
)
def test_one_run_and_what_is_due_are_two_things(journal: Journal, arguments: tuple[str, ...]) -> None:
    """Refused as a mistake of usage, before anything is looked at."""
    assert 2 == _keys(journal, "erase", *arguments, settings="").returncode


def test_an_erasure_of_nothing_is_refused(journal: Journal) -> None:
    """Neither does it stand on the record."""
    run = journal.run(*ESCALATED)
    with pytest.raises(RefusedInput, match="has no material"):
        journal.do(lambda at: erase(at, ANNA, Erasable(run, ()), "x"))
