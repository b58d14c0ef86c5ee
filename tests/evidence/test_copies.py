"""A copy that leaves the house is on the record, and two copies of one run are equal all the same."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from pathlib import Path

import pytest
from a_journal import ANNA, BELA, ESCALATED, SLUG, Journal

from runbook_keys.engine import inputs as i
from runbook_keys.evidence.bundle.check import check_bundle
from runbook_keys.journal.lines import decode, read
from runbook_keys.model.actor import Actor
from runbook_keys.model.event import RecordRead, RunKind, StepDoubted
from runbook_keys.operations.record.access import record_access, record_copy
from runbook_keys.operations.record.verify import verify
from runbook_keys.operations.reports.export import Exported, export, public_keys_of
from runbook_keys.operations.runs.feedback import give_feedback
from runbook_keys.system.signing import is_signed


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal with the runbook installed."""
    made = Journal(tmp_path)
    made.install()
    return made


def _taken(journal: Journal, run: str, who: Actor = BELA) -> Exported:
    """A bundle, with the word on the record that somebody took it."""
    made = journal.do(lambda at: export(at, run))
    assert journal.do(lambda at: record_copy(at, who, run, made.digest)) == ""
    return made


def _readings(journal: Journal, run: str) -> list[tuple[str, str]]:
    stored = journal.do(lambda at: at.store.entries(run))
    entries = [read(each) for each in stored]
    return [(one.actor.name, one.event.what) for one in entries if isinstance(one.event, RecordRead)]


def _events(made: Exported) -> list[object]:
    lines = made.files["data/entries.jsonl"].splitlines(keepends=True)
    return [decode(line).event for line in lines]


def _said_by_script(made: Exported, folder: Path) -> str:
    for name, content in made.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return subprocess.run(["sh", "verify.sh"], cwd=folder, capture_output=True, text=True).stdout


def _damages(made: Exported) -> tuple[str, ...]:
    return check_bundle(made.files, is_signed, public_keys_of(made.files)).damages


def test_who_took_which_copy_when_is_on_the_record(journal: Journal) -> None:
    """The name, and the beginning of the digest that names everything in the copy; the journal still verifies."""
    run = journal.run(*ESCALATED)
    made = _taken(journal, run)

    assert _readings(journal, run) == [("bela", f"bundle {made.digest[:16]}")]
    assert journal.do(verify).damages == ()


def test_who_drove_the_run_and_takes_a_copy_is_on_the_record_too(journal: Journal) -> None:
    """Reading one's own run is nobody's business; a copy is."""
    run = journal.run(*ESCALATED)
    _taken(journal, run, ANNA)

    assert [name for name, _ in _readings(journal, run)] == ["anna"]


def test_the_same_copy_taken_twice_in_an_hour_is_told_once(journal: Journal) -> None:
    """And again by somebody else, or after the hour."""
    run = journal.run(*ESCALATED)
    _taken(journal, run)
    _taken(journal, run)
    _taken(journal, run, ANNA)
    journal.pass_(minutes=61)
    _taken(journal, run)

    assert [name for name, _ in _readings(journal, run)] == ["bela", "anna", "bela"]


def test_taking_a_copy_and_reading_the_record_change_no_later_copy(journal: Journal, tmp_path: Path) -> None:
    """Byte for byte, also after another checkpoint was made; script and KEYS find both whole."""
    run = journal.run(*ESCALATED)
    first = _taken(journal, run)
    journal.do(lambda at: record_access(at, BELA, [run], "timeline"))
    journal.do(lambda at: at.store.checkpoint(at.clock.now(), "asked for"))
    second = _taken(journal, run)

    assert (second.files, second.zip) == (first.files, first.zip)
    assert _damages(second) == ()
    assert "VERIFIED" in _said_by_script(second, tmp_path / "copy")


def test_a_copy_made_after_more_was_said_holds_the_readings_in_between(
    journal: Journal, tmp_path: Path
) -> None:
    """The earlier copy is told of in the later one: that is the chain of custody."""
    run = journal.run(*ESCALATED)
    first = _taken(journal, run)
    journal.do(lambda at: give_feedback(at, BELA, run, "S1", f"the queue of {SLUG} has moved"))
    second = _taken(journal, run)
    told = _events(second)

    assert RecordRead(f"bundle {first.digest[:16]}") in told
    assert isinstance(told[-1], StepDoubted)
    assert len(told) == len(_events(first)) + 2
    assert _damages(second) == ()
    assert "VERIFIED" in _said_by_script(second, tmp_path / "copy")


def test_a_copy_of_an_open_run_ends_where_the_run_stands(journal: Journal) -> None:
    """Two copies of it are equal too, with a reading between them."""
    run = journal.run()
    first = _taken(journal, run)

    assert _taken(journal, run).files == first.files
    assert not any(isinstance(each, RecordRead) for each in _events(first))


def _controls(made: Exported) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made.files["data/controls.csv"].decode())))


def test_a_copy_says_which_requirements_it_is_evidence_for(journal: Journal) -> None:
    """Of every framework, with the entries that show it and what this run does not show; every entry is in the copy."""
    made = _taken(journal, journal.run(*ESCALATED, alerted_at="2026-11-20T02:50:00.000Z"))
    rows = _controls(made)
    count = len(_events(made))

    assert {"SOC 2", "PCI DSS", "GDPR", "HIPAA", "ISO/IEC 27001"} == {row["framework"] for row in rows}
    alerts = next(row for row in rows if row["control"] == "12.10.5")
    assert "alert.received_at (1)" in alerts["shown by this run"]
    assert "alert→run link" in alerts["not shown by this run"]
    assert alerts["strength"] == "partial"
    numbers = [int(each) for row in rows for each in re.findall(r"\d+", row["entries"])]
    assert all(1 <= number <= count for number in numbers)
    assert len(numbers) > 0


def test_a_drill_s_copy_is_evidence_of_testing_and_not_of_an_incident(journal: Journal) -> None:
    """No control is shown by what happened in practice, but for that it was practised."""
    rows = _controls(_taken(journal, journal.run(*ESCALATED, kind=RunKind.DRILL)))

    shown = {each for row in rows for each in row["shown by this run"].split("; ")}
    assert {re.sub(r" \(.*", "", each) for each in shown} == {
        "run.kind=drill",
        "integrity.verified",
        "checkpoints",
    }


def test_what_is_out_of_order_stands_beside_each_requirement(journal: Journal) -> None:
    """Whoever reads one row alone sees that a look was skipped; nothing in it is a formula or a claim."""
    made = _taken(journal, journal.run(i.Skip("=1+1"), i.Abandon("vendor")))
    rows = _controls(made)

    assert all("skipped (entry 3)" in row["exceptions in this run"] for row in rows)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    page = made.files["data/report.html"].decode()
    assert "What this run is evidence for" in page
    assert not re.search(r"\bcompliant\b|\bsatisfied\b", page + made.files["data/controls.csv"].decode())


def test_a_requirement_is_not_shown_by_a_whole_record_alone(journal: Journal) -> None:
    """That the lines of a drill were not changed is no evidence of how an incident was documented."""
    rows = _controls(_taken(journal, journal.run(*ESCALATED, kind=RunKind.DRILL)))

    assert "10.3.2" in {row["control"] for row in rows}
    assert not {"164.312(b)", "A.8.15", "Art. 5(2)"} & {row["control"] for row in rows}
