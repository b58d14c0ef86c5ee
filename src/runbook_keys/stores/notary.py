"""Makes the checkpoints of a store, inside the transaction of the append that they belong to.

So a checkpoint costs a signature (0.03 ms) and no flush of its own, and there is no moment at which a run has ended but
its checkpoint is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
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
        next_key: str = "",
    ) -> Checkpoint:
        """A checkpoint over `end`, signed if that is possible. `first` is the spine's first row."""
        origin = origin_of(first)
        body = body_of(origin, end, before, at, why, {"next-key": next_key})
        try:
            signature = self._signer.sign(body)
            note = note_of(body, signature.key, signature.value)
        except SigningUnavailable as unavailable:
            more = {"unsigned": str(unavailable), "next-key": next_key}
            note = note_of(body_of(origin, end, before, at, why, more))
        return Checkpoint(before.no + 1 if before else 1, end.gseq, note)


def _passed(before: Checkpoint | None, at: datetime) -> timedelta:
    if before is None:
        return timedelta(0)
    try:
        return at - datetime.fromisoformat(read_note(before.note).at)
    except (
        JournalDamaged,
        ValueError,
    ):  # somebody has been at it: `keys verify` says so, an incident goes on
        return LONGEST
