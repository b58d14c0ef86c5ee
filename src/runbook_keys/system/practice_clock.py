"""The clock of practice: everything takes its real time, only waits are short."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class PracticeClock:
    """The wall clock plus what was skipped: a wait of `scale` seconds takes one, then the clock stands where it should.

    A command that takes three seconds takes three here too, so that time to escalate means what it says.
    """

    def __init__(self, scale: int) -> None:
        self.scale = scale
        self._skipped = timedelta(0)

    def now(self) -> datetime:
        """The present instant on this clock, aware, UTC, cut to milliseconds."""
        now = datetime.now(UTC) + self._skipped
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def stepped(self) -> timedelta:
        """Nothing: the waits that it skips are no steps."""
        return timedelta(0)

    async def sleep_until(self, at: datetime) -> None:
        """Return when this clock shows `at`."""
        left = at - self.now()
        if left > timedelta(0):
            await asyncio.sleep(left.total_seconds() / self.scale)
            self._skipped += max(at - self.now(), timedelta(0))
        while self.now() < at:  # noqa: ASYNC110 - nothing but time is waited for
            await asyncio.sleep(0.001)
