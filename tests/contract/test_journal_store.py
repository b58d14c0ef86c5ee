"""What every journal store promises, held against each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from runbook_keys.errors import JournalDamaged, JournalUnavailable, RunNotFound, RunTaken
from runbook_keys.journal.blobs import seal
from runbook_keys.journal.chain import GENESIS, link, spine_line
from runbook_keys.journal.lines import read
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.entry import Alarm
from runbook_keys.model.event import AnyEvent, MaterialErased, NoteAdded, StepEntered
from runbook_keys.ports import JournalStore
from runbook_keys.stores.memory import MemoryStore
from runbook_keys.stores.sqlite import SqliteStore
from whole_journal import damages_in

T = TypeVar("T")
AT = datetime(2026, 11, 23, 3, 12, 45, 123000, tzinfo=UTC)
RUN = "r-20261123-0312-k7qm"
OTHER = "r-20261123-0313-a2bc"


def wait(work: Coroutine[object, object, T]) -> T:
    """Run one call of a store to its end."""
    return asyncio.run(work)


def entered(visit: int) -> AnyEvent:
    """An event that can be told from others by its number."""
    return StepEntered(step="D1", visit=visit)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStore]:
    """Each store, empty."""
    made: JournalStore = (
        MemoryStore() if request.param == "memory" else SqliteStore.open(tmp_path / "journal.sqlite")
    )
    yield made
    wait(made.close())


def write(store: JournalStore, run: str, after_seq: int, *events: AnyEvent) -> int:
    """Append events; the sequence number of the last one."""
    return wait(store.append(run, after_seq, AT, DRIVER, events)).seq


def test_every_store_is_a_journal_store(store: JournalStore) -> None:
    """The type checker holds each store to the port."""
    assert wait(store.runs()) == wait(store.spine()) == wait(store.erased()) == []


def test_what_was_appended_is_read_back_in_order(store: JournalStore) -> None:
    """Events come back as they were, numbered from 1, each with who and when."""
    head = wait(store.append(RUN, 0, AT, DRIVER, [entered(1), entered(2)]))
    write(store, RUN, head.seq, entered(3))
    entries = [read(stored) for stored in wait(store.entries(RUN))]
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert [entry.event for entry in entries] == [entered(1), entered(2), entered(3)]
    assert {(entry.run, entry.at, entry.actor) for entry in entries} == {(RUN, AT, DRIVER)}


def test_each_entry_is_linked_to_the_one_before(store: JournalStore) -> None:
    """The chain begins at the genesis value and follows the stored bytes."""
    write(store, RUN, 0, entered(1), entered(2))
    write(store, RUN, 2, entered(3))
    previous = GENESIS
    for stored in wait(store.entries(RUN)):
        previous = link(previous, stored.line)
        assert stored.link == previous
    assert [head.link for head in wait(store.runs())] == [previous]


def test_the_spine_tells_of_every_entry_of_every_run_in_order(store: JournalStore) -> None:
    """One row per entry over all runs, chained like a run, with each entry's own link."""
    write(store, RUN, 0, entered(1))
    write(store, OTHER, 0, entered(1), entered(2))
    write(store, RUN, 1, entered(2))
    rows = wait(store.spine())
    assert [(row.gseq, row.run_no, row.rseq) for row in rows] == [(1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 1, 2)]
    links = {
        (run_no, e.seq): e.link for run_no, run in ((1, RUN), (2, OTHER)) for e in wait(store.entries(run))
    }
    previous = GENESIS
    for row in rows:
        assert row.link == links[row.run_no, row.rseq]
        previous = link(previous, spine_line(row.gseq, row.run_no, row.rseq, row.link))
        assert row.spine_link == previous


def test_the_spine_tells_where_each_run_ends(store: JournalStore) -> None:
    """One row for each run, the one of its last entry, by run number."""
    assert wait(store.spine_ends()) == []
    write(store, RUN, 0, entered(1))
    write(store, OTHER, 0, entered(1), entered(2))
    write(store, RUN, 1, entered(2))
    assert wait(store.spine_ends()) == [wait(store.spine())[3], wait(store.spine())[2]]


def test_runs_are_numbered_without_gaps_in_the_order_of_their_opening(store: JournalStore) -> None:
    """The number shows later whether a run is missing."""
    write(store, RUN, 0, entered(1))
    write(store, OTHER, 0, entered(1), entered(2))
    assert [(head.run, head.run_no, head.seq) for head in wait(store.runs())] == [(RUN, 1, 1), (OTHER, 2, 2)]


def test_an_append_behind_the_head_is_refused_and_adds_nothing(store: JournalStore) -> None:
    """Of two drivers that saw the same head only the first one writes."""
    late = seal(b"late", bytes(16))
    write(store, RUN, 0, entered(1))
    write(store, RUN, 1, entered(2))
    with pytest.raises(RunTaken, match="stands at entry 2, not 1"):
        wait(store.append(RUN, 1, AT, DRIVER, [entered(3)], [late]))
    assert len(wait(store.entries(RUN))) == len(wait(store.spine())) == 2
    assert wait(store.held(late.digest)) == []


def test_an_append_beyond_the_head_is_refused(store: JournalStore) -> None:
    """A gap can't be written."""
    write(store, RUN, 0, entered(1))
    with pytest.raises(RunTaken):
        write(store, RUN, 2, entered(3))


def test_a_run_is_opened_once(store: JournalStore) -> None:
    """A second run of the same name is refused and leaves no number behind."""
    write(store, RUN, 0, entered(1))
    with pytest.raises(RunTaken, match="exists already"):
        write(store, RUN, 0, entered(1))
    write(store, OTHER, 0, entered(1))
    assert [head.run_no for head in wait(store.runs())] == [1, 2]


def test_an_unknown_run_has_no_entries_and_takes_none(store: JournalStore) -> None:
    """A mistyped name is told as such."""
    with pytest.raises(RunNotFound, match=RUN):
        wait(store.entries(RUN))
    with pytest.raises(RunNotFound, match=RUN):
        write(store, RUN, 3, entered(1))


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "a b", "a\n", "-x", "x" * 65, "é", "a\0b", ".."])
def test_a_name_that_no_run_can_have_goes_nowhere(store: JournalStore, name: str) -> None:
    """Names become file names and stand in messages, so only plain ones are let through."""
    with pytest.raises(RunNotFound) as caught:
        write(store, name, 0, entered(1))
    assert str(caught.value).isprintable()
    with pytest.raises(RunNotFound):
        wait(store.entries(name))
    with pytest.raises(RunNotFound):
        store.claim(name)


def test_an_append_that_can_not_be_spelled_adds_nothing(store: JournalStore) -> None:
    """One bad event among good ones refuses them all."""
    with pytest.raises(TypeError, match="float"):
        write(store, RUN, 0, entered(1), StepEntered(step="D1", visit=1.5))  # type: ignore[arg-type]
    assert wait(store.runs()) == []
    assert wait(store.spine()) == []


def test_an_append_of_nothing_is_refused(store: JournalStore) -> None:
    """An empty run can't exist."""
    with pytest.raises(ValueError, match="at least one"):
        write(store, RUN, 0)
    assert wait(store.runs()) == []


def test_blobs_come_with_the_entry_that_speaks_of_them(store: JournalStore) -> None:
    """Content is stored under its digest, in the same append."""
    blob = seal(b"\x00 any bytes \xff", b"0123456789abcdef")
    wait(store.append(RUN, 0, AT, DRIVER, [NoteAdded(step="D1", note_blob=blob.digest)], [blob]))
    assert wait(store.held(blob.digest)) == [blob]
    assert wait(store.blob(blob.digest)) == blob.content


def test_an_erased_blob_is_gone_and_the_chain_stays(store: JournalStore) -> None:
    """Erasing takes content and salt; entries, links and spine are as before; it can't be put back."""
    blob, kept = seal(b"a name", b"0123456789abcdef"), seal(b"", bytes(16))
    wait(store.append(RUN, 0, AT, DRIVER, [NoteAdded(step="D1", note_blob=blob.digest)], [blob, kept]))
    before = wait(store.entries(RUN)), wait(store.spine())
    wait(store.erase(blob.digest))
    wait(store.append(OTHER, 0, AT, DRIVER, [entered(1)], [blob]))
    assert wait(store.blob(blob.digest)) is None
    assert (wait(store.held(blob.digest)), wait(store.held(kept.digest))) == ([None], [kept])
    assert wait(store.erased()) == [blob.digest]
    assert (wait(store.entries(RUN)), wait(store.spine())[:1]) == before


def test_erased_material_verifies_and_missing_material_does_not(store: JournalStore) -> None:
    """What was erased on purpose is on the store's own list; what is merely gone is damage."""
    erased, gone = seal(b"a name", b"0123456789abcdef"), seal(b"gone", bytes(16))
    noted: list[AnyEvent] = [NoteAdded(step="D1", note_blob=blob.digest) for blob in (erased, gone)]
    noted.append(MaterialErased((erased.digest,), (1,), "asked for"))
    wait(store.append(RUN, 0, AT, DRIVER, noted, [erased]))
    wait(store.erase(erased.digest))
    of_material = [damage for damage in wait(damages_in(store)) if "material" in damage.what]
    assert [damage.seq for damage in of_material] == [2]


def test_what_an_entry_says_is_erased_is_gone_with_that_entry(store: JournalStore) -> None:
    """One transaction: whoever is killed in between leaves both or neither."""
    blob = seal(b"a name", b"0123456789abcdef")
    wait(store.append(RUN, 0, AT, DRIVER, [NoteAdded(step="D1", note_blob=blob.digest)], [blob]))
    wait(store.append(RUN, 1, AT, DRIVER, [MaterialErased((blob.digest,), (1,), "asked for")]))
    assert wait(store.blob(blob.digest)) is None
    assert wait(store.erased()) == [blob.digest]


def test_erasing_what_was_never_stored_changes_nothing(store: JournalStore) -> None:
    """A wrong digest does not make material look erased."""
    wait(store.erase(64 * "a"))
    assert wait(store.erased()) == []


def test_material_that_was_never_stored_is_not_taken_for_erased(store: JournalStore) -> None:
    """Somebody may have removed it; a run must not go on as if it had been empty."""
    with pytest.raises(JournalDamaged, match="keys verify"):
        wait(store.blob(64 * "a"))


def test_material_comes_with_its_salt_where_the_digest_is_to_be_checked(store: JournalStore) -> None:
    """Whoever exports it needs both; what was erased has neither."""
    blob = seal(b"a name", b"0123456789abcdef")
    wait(store.append(RUN, 0, AT, DRIVER, [NoteAdded(step="D1", note_blob=blob.digest)], [blob]))
    assert wait(store.sealed(blob.digest)) == blob
    wait(store.erase(blob.digest))
    assert wait(store.sealed(blob.digest)) is None


def test_a_store_without_a_notary_makes_no_checkpoints(store: JournalStore) -> None:
    """For tests and dry runs; nothing else is different. tests/evidence holds those that have one."""
    write(store, RUN, 0, entered(1))
    assert wait(store.checkpoint(AT, "asked for")) is None
    assert wait(store.checkpoints()) == []


def test_no_run_is_opened_while_an_alarm_stands(store: JournalStore) -> None:
    """A run under way goes on; after the alarm runs open again."""
    write(store, RUN, 0, entered(1))
    store.sound_alarm(Alarm("2026-11-23T03:12:45.123Z", "Row 1 was changed."))
    with pytest.raises(JournalUnavailable, match=r"Row 1 was changed\."):
        write(store, OTHER, 0, entered(1))
    assert write(store, RUN, 1, entered(2)) == 2
    store.end_alarm()
    assert write(store, OTHER, 0, entered(1)) == 1


def test_a_claimed_run_is_refused_to_a_second_driver_until_it_is_released(store: JournalStore) -> None:
    """Only one drives; another run is not concerned."""
    claim = store.claim(RUN)
    with pytest.raises(RunTaken, match="Another terminal is driving this run"):
        store.claim(RUN)
    store.claim(OTHER).release()
    claim.release()
    claim.release()
    again = store.claim(RUN)
    claim.release()  # a second release of the first claim must not give up the new one
    with pytest.raises(RunTaken):
        store.claim(RUN)
    assert not again.leftover()
    again.release()
