"""The whole journal, looked through as of one moment: some rows or one run at a time, never all of it in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from msgspec import Struct

from runbook_keys.errors import JournalDamaged, RunNotFound
from runbook_keys.journal.blobs import Material, state_of
from runbook_keys.journal.checkpoint import Note
from runbook_keys.journal.checkpoint_check import (
    CheckpointCheck,
    Signed,
    Survey,
    Verifier,
    read_all,
)
from runbook_keys.journal.checkpoint_due import DueCheckpoints
from runbook_keys.journal.damages import strange_things
from runbook_keys.journal.declared import mark_of
from runbook_keys.journal.lines import read
from runbook_keys.journal.whole import RunCheck, SpineCheck, check_listing, check_run_numbers
from runbook_keys.model.entry import Damage, RunHead, SpineRow, StoredEntry, Strange
from runbook_keys.operations.services import nobody
from runbook_keys.ports import JournalStore, Progress

MOST_MATERIAL = 1_000
"""Of so many pieces of material it is remembered what became of them; many runs speak of the same text."""


class Wanted(Struct, frozen=True):
    """What is to be told besides: of one run, of the entries that receipts name, of when these rows were written."""

    run: str = ""
    entries: Collection[tuple[str, int]] = ()
    rows: Collection[int] = ()


NOTHING = Wanted()


class Looked(Struct):
    """What was seen. `damages` are those of entries, spine and material; `late` see DueCheckpoints.begins_late.

    Of what was wanted: the last link and the number of entries of a run, and of those the signed ones; the links of
    entries; the times that the entries of rows name.
    """

    spine: SpineCheck
    signed: Signed
    checkpoints: int
    damages: list[Damage]
    strange: Strange = Strange()
    late: int = 0
    run_entries: int = 0
    run_signed: int = 0
    run_link: str = ""
    links: dict[tuple[str, int], str] = {}
    times: dict[int, datetime] = {}


async def look_through(
    store: JournalStore,
    heads: Sequence[RunHead],
    verifier: Verifier,
    wanted: Wanted = NOTHING,
    tell: Progress = nobody,
) -> Looked:
    """Look through all of it. Call it within a snapshot of the store in which `heads` were read."""
    spine = await _spine(store, sum(head.seq for head in heads), tell)
    survey, signed = await _checkpoints(store, spine, verifier)
    looked = Looked(spine, signed, len(survey.covered), [], await store.strange())
    looked.damages += [*spine.damages, *check_run_numbers({head.run_no for head in heads}, spine.told)]
    looked.damages += check_listing(heads, spine.told, await store.unlisted())
    await _runs(store, heads, DueCheckpoints(survey.covered), looked, wanted, tell)
    looked.damages += strange_things(looked.strange)
    looked.damages = list({mark_of(each): each for each in looked.damages}.values())
    return looked


async def links_of(store: JournalStore, notes: Iterable[Note]) -> dict[int, str]:
    """The links of the rows that these notes tell of, as far as there are such rows."""
    rows = [await store.spine_row(place) for place in {note.gseq for note in notes}]
    return {row.gseq: row.spine_link for row in rows if row}


async def _spine(store: JournalStore, entries: int, tell: Progress) -> SpineCheck:
    spine = SpineCheck()
    async for rows in store.spine_batches():
        if rows:
            spine.add(rows)
            tell("reading entries", spine.rows, entries)
    return spine


async def _checkpoints(store: JournalStore, spine: SpineCheck, verifier: Verifier) -> tuple[Survey, Signed]:
    survey = Survey(verifier)
    async for batch in store.checkpoint_batches():
        survey.add(read_all(batch))
    check = CheckpointCheck(survey, spine.last)
    async for batch in store.checkpoint_batches():
        given = read_all(batch)
        check.add(given, await links_of(store, (note for _, note in given if note)))
    return survey, check.result()


async def _runs(
    store: JournalStore,
    heads: Sequence[RunHead],
    due: DueCheckpoints,
    looked: Looked,
    wanted: Wanted,
    tell: Progress,
) -> None:
    rows_of, materials, done = _Rows(store), _Materials(store), 0
    for head in heads:
        stored, rows = await _entries(store, head.run), await rows_of.run(head.run_no)
        check = RunCheck(head.run, stored, rows)
        looked.damages += check.damages(await materials.of(check.digests()), due)
        if head is heads[0]:
            looked.late = due.begins_late(stored, rows)
        _note_wanted(looked, wanted, head, stored, rows)
        done += len(stored)
        tell("checking entries", done, looked.spine.rows)


def _note_wanted(
    looked: Looked, wanted: Wanted, head: RunHead, stored: Sequence[StoredEntry], rows: Sequence[SpineRow]
) -> None:
    if head.run == wanted.run:
        looked.run_entries = len(stored)
        looked.run_link = stored[-1].link if stored else ""
        looked.run_signed = sum(row.gseq <= looked.signed.rows for row in rows)
    if any(run == head.run for run, _ in wanted.entries):
        looked.links |= {(head.run, each.seq): each.link for each in reversed(stored)}
    if wanted.rows:
        for row in rows:
            if row.gseq in wanted.rows:
                with suppress(JournalDamaged, IndexError):
                    looked.times[row.gseq] = read(stored[row.rseq - 1]).at


async def _entries(store: JournalStore, run: str) -> list[StoredEntry]:
    """None under a name that no run can have: what the spine tells of it is missing then."""
    try:
        return await store.entries(run)
    except RunNotFound:
        return []


class _Rows:
    """The spine's rows of one run after the other, by run number."""

    def __init__(self, store: JournalStore) -> None:
        self._runs = aiter(store.spine_by_run())
        self._rows: list[SpineRow] | None = []

    async def run(self, run_no: int) -> Sequence[SpineRow]:
        """The rows of this run. Ask for higher and higher numbers."""
        while self._rows is not None and (not self._rows or self._rows[0].run_no < run_no):
            self._rows = await anext(self._runs, None)
        return self._rows if self._rows and self._rows[0].run_no == run_no else ()


class _Materials:
    """What became of the pieces of material that runs speak of."""

    def __init__(self, store: JournalStore) -> None:
        self._store = store
        self._known: dict[str, Material] = {}

    async def of(self, digests: Iterable[str]) -> Mapping[str, Material]:
        """What became of these, and perhaps of others."""
        if len(self._known) > MOST_MATERIAL:
            self._known.clear()
        for digest in digests:
            if digest not in self._known:
                self._known[digest] = state_of(await self._store.held(digest))
        return self._known
