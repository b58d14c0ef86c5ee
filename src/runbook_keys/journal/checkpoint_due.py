"""Does everything that KEYS signs at once have its checkpoint? Whoever lacks the key can remove one, and can't make one.

A checkpoint is written in the transaction of its append: an opening, an approval, an irreversible start and an end are
never without one. So the end of a journal can't be written anew and left unsigned.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from runbook_keys.journal.checkpoint import reason_of
from runbook_keys.journal.damages import damage
from runbook_keys.model.entry import Damage, SpineRow, StoredEntry
from runbook_keys.model.event import AnyEvent


class DueCheckpoints:
    """The rows of the spine that the checkpoints of a journal cover up to, eight bytes for each."""

    def __init__(self, covered: Iterable[int]) -> None:
        self._covered = array("q", sorted(covered))

    def check(
        self,
        run: str,
        stored: Sequence[StoredEntry],
        rows: Sequence[SpineRow],
        events: Sequence[tuple[int, AnyEvent]],
    ) -> Iterator[Damage]:
        """The first entry of a run that should have come with a checkpoint. The run fits its `rows` of the spine.

        What is older than the first checkpoint was written by a KEYS that made none (see `begins_late`).
        """
        for seq, event in events:
            place = rows[seq - 1].gseq
            if self._is_late(place) or not reason_of(event) or self._is_covered(stored, rows, seq):
                continue
            yield damage("checkpoint-due", run, seq, link=stored[seq - 1].link[:16])
            return

    def begins_late(self, stored: Sequence[StoredEntry], rows: Sequence[SpineRow]) -> int:
        """How many rows stand before the first checkpoint, if the journal's first run did not begin with it; else 0."""
        is_late = bool(self._covered and stored and rows) and not self._is_covered(stored, rows, 1)
        return self._covered[0] if is_late else 0

    def _is_late(self, place: int) -> bool:
        return not self._covered or place <= self._covered[0]

    def _is_covered(self, stored: Sequence[StoredEntry], rows: Sequence[SpineRow], seq: int) -> bool:
        """Whether a checkpoint covers up to an entry of the same append: one that follows at once, of the same instant."""
        place = rows[seq - 1].gseq
        found = bisect_left(self._covered, place)
        if found == len(self._covered):
            return False
        last = seq + self._covered[found] - place
        return (
            last <= min(len(rows), len(stored))
            and rows[last - 1].gseq == self._covered[found]
            and _instant(stored[last - 1]) == _instant(stored[seq - 1])
        )


def _instant(entry: StoredEntry) -> bytes:
    """The time in a canonical line, where quotes in texts are escaped; read so often that decoding would cost too much."""
    return entry.line.partition(b'"at":"')[2][: len("2026-11-23T03:12:45.123Z")]
