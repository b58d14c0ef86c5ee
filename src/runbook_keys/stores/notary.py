"""Makes the checkpoints of a store, inside the transaction of the append that they belong to.

So a checkpoint costs a signature (0.03 ms) and no flush of its own, and there is no moment at which a run has ended but
its checkpoint is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from runbook_keys.errors import JournalDamaged, SigningUnavailable
from runbook_keys.journal.checkpoint import LONGEST, body_of, note_of, origin_of, read_note, why_due
from runbook_keys.model.entry import Checkpoint, SpineRow
from runbook_keys.model.event import AnyEvent
from runbook_keys.ports import Signer


class Notary:
    """Signs with `signer`. What can't be signed becomes a checkpoint that says why: an incident does not wait for a key."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def due(
        self,
        first: SpineRow,
        end: SpineRow,
        before: Checkpoint | None,
        at: datetime,
        events: Sequence[AnyEvent],
    ) -> Checkpoint | None:
        """The checkpoint that belongs to an append of `events` at `at`, after which the spine ends at `end`."""
        why = why_due(events, end.gseq - (before.gseq if before else 0), _passed(before, at))
        return self.make(first, end, before, at, why) if why else None

    def make(
        self,
        first: SpineRow,
        end: SpineRow,
        before: Checkpoint | None,
        at: datetime,
        why: str,
        more: Mapping[str, str] = {},
        after_no: int = 0,
    ) -> Checkpoint:
        """A checkpoint over `end`, signed if that is possible. `first` is the spine's first row, `more` further lines.

        Its number follows that of `before`, and is above `after_no`.
        """
        origin, no = origin_of(first), max(before.no if before else 0, after_no) + 1
        body = body_of(origin, end, no, before, at, why, more)
        try:
            signature = self._signer.sign(body)
            note = note_of(body, signature.key, signature.value)
        except SigningUnavailable as unavailable:
            told = {"unsigned": str(unavailable), **more}
            note = note_of(body_of(origin, end, no, before, at, why, told))
        return Checkpoint(no, end.gseq, note)


def _passed(before: Checkpoint | None, at: datetime) -> timedelta:
    if before is None:
        return timedelta(0)
    try:
        return at - datetime.fromisoformat(read_note(before.note).at)
    except (JournalDamaged, ValueError):  # somebody has been at it; a run that is under way goes on
        return LONGEST


def misfit(before: Checkpoint | None, row: SpineRow | None) -> str:
    """What is wrong where the newest checkpoint does not tell of `row`, its row of the spine; empty where it does."""
    if before is None:
        return ""
    try:
        is_same = row is not None and read_note(before.note).link == row.spine_link
    except JournalDamaged:
        is_same = False
    return (
        "" if is_same else f"Its newest checkpoint ({before.no}) does not fit row {before.gseq} of the spine."
    )
