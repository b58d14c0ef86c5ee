"""What `keys verify` finds in a journal that a test has in hand, whole or in parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from itertools import groupby
from typing import cast

from msgspec import Struct

from runbook_keys.model.entry import Blob, Checkpoint, Damage, RunHead, SpineRow, StoredEntry, Strange
from runbook_keys.operations.record.look_through import look_through
from runbook_keys.ports import JournalStore


class Contents(Struct, frozen=True):
    """A journal as its store gives it: `entries` by run name, in order; `erased` are the digests of erased blobs."""

    heads: Sequence[RunHead]
    entries: Mapping[str, Sequence[StoredEntry]]
    spine: Sequence[SpineRow]
    blobs: Sequence[Blob]
    erased: Collection[str] = ()
    checkpoints: Sequence[Checkpoint] = ()


async def damages_in(store: JournalStore) -> list[Damage]:
    """What is wrong with runs, spine and material; no key is known here."""
    with store.snapshot():
        return (await look_through(store, await store.runs(), lambda *_: None)).damages


def verify_journal(contents: Contents) -> list[Damage]:
    """The same for parts that no store would hold together."""
    looking = damages_in(cast(JournalStore, _Parts(contents)))
    try:
        looking.send(None)
    except StopIteration as done:
        return cast(list[Damage], done.value)
    raise AssertionError("it waited for something")


class _Parts:
    """A store for reading, which gives the spine a few rows at a time."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    def snapshot(self) -> _Parts:
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    async def runs(self) -> Sequence[RunHead]:
        return self._contents.heads

    async def entries(self, run: str) -> Sequence[StoredEntry]:
        return self._contents.entries.get(run, [])

    async def unlisted(self) -> Mapping[int, int]:
        return {}

    async def spine_batches(self) -> AsyncIterator[Sequence[SpineRow]]:
        for start in range(0, len(self._contents.spine), 2):
            yield self._contents.spine[start : start + 2]

    async def spine_by_run(self) -> AsyncIterator[list[SpineRow]]:
        rows = sorted(self._contents.spine, key=lambda row: (row.run_no, row.gseq))
        for _, of_run in groupby(rows, lambda row: row.run_no):
            yield list(of_run)

    async def spine_row(self, gseq: int) -> SpineRow | None:
        return next((row for row in self._contents.spine if row.gseq == gseq), None)

    async def checkpoint_batches(self) -> AsyncIterator[list[Checkpoint]]:
        for each in self._contents.checkpoints:
            yield [each]

    async def held(self, digest: str) -> list[Blob | None]:
        erased: list[Blob | None] = [None] if digest in self._contents.erased else []
        return [*(blob for blob in self._contents.blobs if blob.digest == digest), *erased]

    async def strange(self) -> Strange:
        return Strange()
