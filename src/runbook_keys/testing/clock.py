"""A clock that goes only when it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until somebody sleeps or advances it."""

    scale = 1

    def __init__(self, start: datetime = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)) -> None:
        self._now = start
        self._step = timedelta(0)

    def now(self) -> datetime:
        """The present instant."""
        return self._now

    def stepped(self) -> timedelta:
        """How far it was set since this was last asked."""
        step, self._step = self._step, timedelta(0)
        return step

    def set_by(self, step: timedelta) -> None:
        """Set it forward or back, as a person or a time server does."""
        self._now += step
        self._step += step

    async def sleep_until(self, at: datetime) -> None:
        """Be at `at` at once; an instant that has passed changes nothing."""
        self._now = max(self._now, at)

    def advance(self, passed: timedelta) -> None:
        """Let time pass (or, negative, step back as a corrected clock does)."""
        self._now += passed
