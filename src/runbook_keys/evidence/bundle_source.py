"""What a bundle is made of: one run, and the part of the journal that shows that it belongs there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from runbook_keys.journal.chain import GENESIS
from runbook_keys.journal.checkpoint import read_note
from runbook_keys.model.entry import Blob, Checkpoint, Entry, RunHead, SpineRow, StoredEntry

FURTHEST = 1_000
"""So many rows behind a run a time-stamp is looked for; `verify.sh` takes its time for each."""


class RunRecord(Struct, frozen=True):
    """One run as its journal holds it. `entries` are `stored`, read; `blobs` by digest, without those that were erased.

    `spine` and `checkpoints` reach from the last signed checkpoint before the run to the first one that covers it
    whole. `public_keys` are PEM by the key's name, `stamps` the time-stamps of checkpoints by their number.
    """

    head: RunHead
    stored: Sequence[StoredEntry]
    entries: Sequence[Entry]
    spine: Sequence[SpineRow]
    checkpoints: Sequence[Checkpoint]
    blobs: Mapping[str, Blob]
    erased: frozenset[str]
    public_keys: Mapping[str, bytes]
    stamps: Mapping[int, bytes] = {}


class Segment(Struct, frozen=True):
    """The rows and checkpoints that a bundle needs."""

    spine: tuple[SpineRow, ...]
    checkpoints: tuple[Checkpoint, ...]


def segment_of(
    run_no: int, spine: Sequence[SpineRow], checkpoints: Sequence[Checkpoint], stamped: Collection[int] = ()
) -> Segment | None:
    """The part of the journal from the last signed checkpoint before a run to the first that covers it whole.

    Where one that follows soon is `stamped` (by number), up to that one: its time-stamp covers all before it. None where
    no signed checkpoint covers the run yet.
    """
    places = [row.gseq for row in spine if row.run_no == run_no]
    signed = [each for each in checkpoints if read_note(each.note).signatures]
    covering = [each for each in signed if each.gseq >= places[-1]]
    if not covering:
        return None
    near = (each for each in covering if each.no in stamped and each.gseq <= places[-1] + FURTHEST)
    after = next(near, covering[0])
    before = [each for each in signed if each.gseq < places[0]]
    first_no, base = (before[-1].no, before[-1].gseq) if before else (1, 0)
    return Segment(
        tuple(row for row in spine if base < row.gseq <= after.gseq),
        tuple(each for each in checkpoints if first_no <= each.no <= after.no),
    )


def start_link(record: RunRecord) -> str:
    """The chain value that the record's first spine row follows."""
    first = record.spine[0].gseq
    for each in record.checkpoints:
        if each.gseq == first - 1:
            return read_note(each.note).link
    return GENESIS
