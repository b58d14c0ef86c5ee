"""Names and salts that are the same in every rehearsal."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count


class SequentialIds:
    """Counts: run names end in 0001, 0002 …, salts are numbers."""

    def __init__(self) -> None:
        self._runs = count(1)
        self._salts = count(1)

    def run(self, at: datetime) -> str:
        """The next name."""
        return f"r-{at.astimezone(UTC):%Y%m%d-%H%M}-{next(self._runs):04d}"

    def salt(self) -> bytes:
        """The next 16 bytes."""
        return next(self._salts).to_bytes(16)
