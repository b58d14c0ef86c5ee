"""A reading is put on the record of the run that was read, but never where it would cover up what happened to that record."""

from __future__ import annotations

from pathlib import Path

import pytest
from a_journal import BELA, ESCALATED, Journal
from keyring import edit

from runbook_keys.journal.lines import read
from runbook_keys.model.entry import SpineRow, StoredEntry
from runbook_keys.model.event import NoteAdded, RecordRead
from runbook_keys.operations.record.access import record_access, record_copy
from runbook_keys.operations.record.verify import verify
from runbook_keys.operations.services import Services

CUT = "DELETE FROM entries WHERE run_no = 1 AND seq > 3"
ANEW = "UPDATE spine SET link = upper(link) WHERE run_no = 1 AND rseq = (SELECT max(rseq) FROM spine WHERE run_no = 1)"
REFUSED = "is not on the record: the run's record was changed, and is left as it is."


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal with the runbook installed."""
    made = Journal(tmp_path)
    made.install()
    return made


def _all_of(journal: Journal, run: str) -> tuple[list[StoredEntry], list[SpineRow]]:
    async def look(at: Services) -> tuple[list[StoredEntry], list[SpineRow]]:
        return await at.store.entries(run), await at.store.spine()

    return journal.do(look)


@pytest.mark.parametrize("statement", [CUT, ANEW], ids=["cut off", "another end on the spine"])
def test_a_reading_never_takes_the_place_of_what_is_missing(journal: Journal, statement: str) -> None:
    """An entry after a cut would get the number of what was cut off. The reader is told; the file stays evidence."""
    run = journal.run(*ESCALATED)
    edit(journal.home, statement)
    before, found = _all_of(journal, run), journal.do(verify).damages

    assert journal.do(lambda at: record_access(at, BELA, [run], "timeline")) == f"This reading {REFUSED}"
    assert "is left as it is" in journal.do(lambda at: record_copy(at, BELA, run, 64 * "a"))
    assert _all_of(journal, run) == before
    assert journal.do(verify).damages == found != ()


def test_the_other_runs_of_a_report_get_their_reading(journal: Journal) -> None:
    """One run that was cut keeps nobody's reading from the others."""
    run, other = journal.run(*ESCALATED), journal.run(*ESCALATED)
    edit(journal.home, CUT)
    before = _all_of(journal, run)[0]

    told = journal.do(lambda at: record_access(at, BELA, [run, other], "report soc2"))
    assert told == f"The reading of 1 run {REFUSED}"
    assert _all_of(journal, run)[0] == before
    assert read(_all_of(journal, other)[0][-1]).event == RecordRead("report soc2")


def test_a_run_that_goes_on_while_it_is_read_was_not_changed(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its driver may write between two looks at the journal: the reader hears that, and suspects nobody."""
    run = journal.run(*ESCALATED)

    async def read_while_it_goes_on(at: Services) -> str:
        look = at.store.entries
        stored = await look(run)

        async def goes_on_after_a_look(name: str) -> list[StoredEntry]:
            monkeypatch.setattr(at.store, "entries", look)
            await at.store.append(name, len(stored), journal.clock.now(), BELA, [NoteAdded("D1", "")])
            return stored

        monkeypatch.setattr(at.store, "entries", goes_on_after_a_look)
        return await record_access(at, BELA, [run], "timeline")

    assert "somebody is driving the run" in journal.do(read_while_it_goes_on)
    assert journal.do(verify).damages == ()
