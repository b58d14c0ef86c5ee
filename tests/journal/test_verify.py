"""Each way to damage a journal is found and told with its place; a whole journal gives no finding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_keys.journal.blobs import seal
from runbook_keys.journal.chain import GENESIS, SPINE_START, extend, link
from runbook_keys.journal.lines import encode
from runbook_keys.journal.verify import verify_run
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.entry import Blob, Damage, Entry, RunHead, SpineRow, StoredEntry
from runbook_keys.model.event import AnyEvent, MaterialErased, NoteAdded, RunOpened, StepEntered
from whole_journal import Contents, verify_journal

AT = datetime(2026, 11, 23, 3, 12, 45, 123000, tzinfo=UTC)
PACK, INPUTS, NOTE = (seal(content, bytes(16)) for content in (b"pack", b"inputs", b"note"))
OPENED = RunOpened("s", "1.0.0", "p", PACK.digest, INPUTS.digest, {}, "S1", "i")
EVENTS: tuple[AnyEvent, ...] = (
    OPENED,
    StepEntered("S1", 1),
    NoteAdded("S1", NOTE.digest),
    StepEntered("D1", 1),
    StepEntered("D2", 1),
)
RUNS = ("r-a", "r-b", "r-c")


def journal(runs: Sequence[str] = RUNS, events: Sequence[AnyEvent] = EVENTS) -> Contents:
    """A whole journal: each run has the same events, written turn by turn as by drivers side by side."""
    heads = {run: RunHead(run, number, 0, GENESIS) for number, run in enumerate(runs, 1)}
    entries: dict[str, list[StoredEntry]] = {run: [] for run in runs}
    spine: list[SpineRow] = []
    for seq, event in enumerate(events, 1):
        for run in runs:
            line = encode(Entry(run, seq, AT, DRIVER, event))
            added = extend(heads[run], spine[-1] if spine else SPINE_START, [line])
            heads[run] = added.head()
            entries[run] += added.entries
            spine += added.spine
    return Contents(list(heads.values()), entries, spine, [PACK, INPUTS, NOTE])


def damaged(**changes: object) -> list[Damage]:
    """What is found in a journal of which some parts were replaced."""
    return verify_journal(msgspec.structs.replace(journal(), **changes))


def with_run(run: str, stored: list[StoredEntry]) -> list[Damage]:
    """What is found when one run's entries are others."""
    return damaged(entries={**journal().entries, run: stored})


def relinked(stored: Sequence[StoredEntry]) -> list[StoredEntry]:
    """The same lines with fresh numbers and links, as a forger makes them who knows how."""
    head = RunHead(stored[0].run, 1, 0, GENESIS)
    return list(extend(head, SPINE_START, [entry.line for entry in stored]).entries)


def places(found: list[Damage]) -> list[tuple[str, int]]:
    """Where the findings are."""
    return [(one.run, one.seq) for one in found]


def said(found: list[Damage]) -> list[tuple[str, int, str]]:
    """Where and what."""
    return [(one.run, one.seq, one.what) for one in found]


def words(found: list[Damage]) -> str:
    """All that is said."""
    return " ".join(one.what for one in found)


def test_a_whole_journal_gives_no_finding() -> None:
    """Neither does an empty one."""
    assert verify_journal(journal()) == []
    assert verify_journal(Contents([], {}, [], [])) == []


@pytest.mark.parametrize("seq", range(1, 6))
def test_an_edited_entry_is_found(seq: int) -> None:
    """Whatever the edit, as long as the links are left: the finding is at that entry and nowhere else."""
    stored = list(journal().entries["r-b"])
    line = stored[seq - 1].line.replace(b"45.123Z", b"45.124Z")
    stored[seq - 1] = msgspec.structs.replace(stored[seq - 1], line=line)
    assert places(with_run("r-b", stored)) == [("r-b", seq)]


@pytest.mark.parametrize("seq", range(1, 6))
def test_a_deleted_entry_is_found_and_named(seq: int) -> None:
    """Also the last one, which only the spine remembers."""
    stored = list(journal().entries["r-b"])
    del stored[seq - 1]
    assert said(with_run("r-b", stored)) == [("r-b", seq, f"Entry {seq} is missing.")]


def test_a_cut_off_end_is_found_and_named_in_one_finding() -> None:
    """From the first missing entry to the last."""
    found = with_run("r-c", list(journal().entries["r-c"])[:2])
    assert said(found) == [("r-c", 3, "Entries 3 to 5 are missing.")]
    assert (found[0].code, found[0].facts) == ("entries-missing", {"first": 3, "last": 5})


def test_the_run_alone_can_not_tell_that_its_end_was_cut_off() -> None:
    """This is why there is a spine; the documentation says so."""
    assert verify_run(journal().entries["r-c"][:2]) == []


def test_swapped_entries_are_found() -> None:
    """Two lines that changed places, each with the other's number or with its own."""
    stored = list(journal().entries["r-b"])
    one, two = stored[1], stored[3]
    stored[1], stored[3] = (
        msgspec.structs.replace(one, line=two.line),
        msgspec.structs.replace(two, line=one.line),
    )
    assert set(places(with_run("r-b", stored))) == {("r-b", 2), ("r-b", 4)}
    stored[1], stored[3] = two, one
    assert "stands after" in words(with_run("r-b", stored))


def test_an_inserted_entry_is_found() -> None:
    """One more line at the end, properly linked, is in the run but not on the spine."""
    stored = list(journal().entries["r-b"])
    line = encode(Entry("r-b", 6, AT, DRIVER, StepEntered("D3", 1)))
    stored.append(StoredEntry("r-b", 6, line, link(stored[-1].link, line)))
    assert verify_run(stored) == []
    assert said(with_run("r-b", stored)) == [
        ("r-b", 6, "This entry is not on the spine: it was not written by KEYS.")
    ]


def test_a_rewritten_run_with_fresh_links_is_found_by_the_spine() -> None:
    """The run is whole in itself, and not the one that was written."""
    stored = list(journal().entries["r-b"])
    stored[2] = msgspec.structs.replace(stored[2], line=stored[2].line.replace(b"S1", b"S2"))
    forged = relinked(stored)
    assert verify_run(forged) == []
    (found,) = with_run("r-b", forged)
    assert (found.seq, "not the one that the spine tells of" in found.what) == (3, True)


def test_a_run_under_another_runs_name_is_found() -> None:
    """Two runs that changed places: each line says whose it is."""
    entries = journal().entries
    swapped = [msgspec.structs.replace(entry, run="r-a") for entry in entries["r-b"]]
    assert "belongs to another run, r-b" in words(with_run("r-a", swapped))


def test_a_line_that_is_spelled_otherwise_is_found_even_with_fresh_links() -> None:
    """A forger who re-links a line with a space in it."""
    stored = list(journal().entries["r-b"])
    stored[1] = msgspec.structs.replace(stored[1], line=stored[1].line.replace(b",", b", ", 1))
    assert [one.what for one in verify_run(relinked(stored))] == [
        "The line is not spelled as KEYS spells it."
    ]


def test_a_line_that_can_not_be_read_is_found_and_shown_safely() -> None:
    """An event from nowhere, with terminal control characters in its name."""
    stored = list(journal().entries["r-b"])
    line = stored[3].line.replace(b"StepEntered", b"\\u001b[2J")
    stored[3] = msgspec.structs.replace(stored[3], line=line)
    found = with_run("r-b", stored)
    assert {one.seq for one in found} == {4}
    assert words(found).isprintable()


def test_what_follows_from_a_missing_entry_is_not_told_as_well() -> None:
    """Without its first entry a run does not begin with its opening; the one true finding is enough."""
    assert len(with_run("r-b", list(journal().entries["r-b"])[1:])) == 1


def test_a_removed_run_is_named_by_its_number() -> None:
    """Nothing of it is left but the spine."""
    contents = journal()
    heads = [head for head in contents.heads if head.run != "r-b"]
    entries = {run: stored for run, stored in contents.entries.items() if run != "r-b"}
    (found,) = damaged(heads=heads, entries=entries)
    assert found.what == "Run number 2 is missing. The spine tells of 5 entries of it."


def test_a_run_removed_from_the_spine_as_well_is_named_by_its_number() -> None:
    """Its number is not there, and the spine has holes."""
    contents = journal()
    found = damaged(
        heads=[head for head in contents.heads if head.run_no != 2],
        entries={run: stored for run, stored in contents.entries.items() if run != "r-b"},
        spine=[row for row in contents.spine if row.run_no != 2],
    )
    assert "Run number 2 is missing, and the spine does not tell of it." in words(found)
    assert "Row 2 is missing from the spine." in words(found)


def test_a_run_without_any_entry_is_found() -> None:
    """The store still knows its name."""
    assert said(with_run("r-b", [])) == [("r-b", 1, "Entries 1 to 5 are missing.")]


def test_an_edited_row_of_the_spine_is_found() -> None:
    """The row itself, and the entry that it no longer tells of."""
    spine = list(journal().spine)
    spine[4] = msgspec.structs.replace(spine[4], rseq=9)
    told = words(damaged(spine=spine))
    assert "Row 5 of the spine was changed" in told
    assert "not on the spine" in told


def test_a_row_of_the_spine_twice_is_found() -> None:
    """Even one that is properly linked."""
    spine = list(journal().spine)
    again = spine[-1]
    spine.append(msgspec.structs.replace(again, gseq=again.gseq + 1))
    told = words(damaged(spine=spine))
    assert "tells of this entry 2 times" in told
    assert f"Row {again.gseq + 1} of the spine was changed" in told


def test_a_hole_in_the_spine_is_found() -> None:
    """Rows 2 to 4 are gone, and their entries with nothing to stand on."""
    spine = list(journal().spine)
    del spine[1:4]
    assert "Rows 2 to 4 are missing from the spine." in words(damaged(spine=spine))


def test_a_cut_off_spine_is_found_by_its_entries() -> None:
    """Unless the runs are cut off too: only a checkpoint kept elsewhere could show that."""
    assert "not on the spine" in words(damaged(spine=list(journal().spine)[:-1]))


def test_changed_material_is_found_at_the_entry_that_speaks_of_it() -> None:
    """In every run that does."""
    changed = Blob(NOTE.digest, NOTE.salt, b"another note")
    found = damaged(blobs=[PACK, INPUTS, changed])
    assert places(found) == [(run, 3) for run in RUNS]
    assert "changed" in words(found)


def test_missing_material_is_found_unless_it_was_recorded_as_erased() -> None:
    """Erasing is allowed and leaves the chain whole; removing is not."""
    assert places(damaged(blobs=[PACK, INPUTS])) == [(run, 3) for run in RUNS]
    erased = {"blobs": [PACK, INPUTS], "erased": {NOTE.digest}}
    told = journal(events=[*EVENTS, MaterialErased((NOTE.digest,), (3,), "asked for")])
    assert verify_journal(msgspec.structs.replace(told, **erased)) == []
    assert places(damaged(**erased)) == [(run, 3) for run in RUNS]


@settings(max_examples=300)
@given(st.sampled_from(RUNS), st.integers(0, 4), st.data())
def test_any_changed_byte_of_any_line_is_found_at_its_entry(
    run: str, place: int, data: st.DataObject
) -> None:
    """Whatever the byte becomes, that run and that entry are named, and no other."""
    stored = list(journal().entries[run])
    line = bytearray(stored[place].line)
    line[data.draw(st.integers(0, len(line) - 1))] ^= data.draw(st.integers(1, 255))
    stored[place] = msgspec.structs.replace(stored[place], line=bytes(line))
    found = with_run(run, stored)
    assert set(places(found)) == {(run, place + 1)}
    assert words(found).isprintable()
