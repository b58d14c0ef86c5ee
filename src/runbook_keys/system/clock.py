"""Time as this machine tells it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

LEAST_STEP = timedelta(seconds=1)


def _wall() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _steady() -> float:
    """Seconds that nobody can set; they go on while the machine is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SystemClock:
    """The wall clock, aware, in UTC, cut to milliseconds."""

    scale = 1

    def __init__(
        self,
        wall: Callable[[], datetime] = _wall,
        slice_seconds: float = 5.0,
        steady: Callable[[], float] = _steady,
    ) -> None:
        """`slice_seconds` bounds how late a sleeper notices that the clock was set or the machine was suspended."""
        self._steady = steady
        self._asked = (wall(), steady())
        self._wall = wall
        self._slice_seconds = slice_seconds

    def now(self) -> datetime:
        """The present instant."""
        return self._wall()

    def stepped(self) -> timedelta:
        """How far the wall clock was set since this was last asked; up to a second is no step but a correction."""
        (wall_before, steady_before), self._asked = self._asked, (self._wall(), self._steady())
        wall, steady = self._asked
        step = wall - wall_before - timedelta(seconds=steady - steady_before)
        return step if abs(step) > LEAST_STEP else timedelta(0)

    async def sleep_until(self, at: datetime) -> None:
        """Return when the wall clock has reached `at`.

        The event loop's own clock stands still while the machine is suspended and ignores a corrected wall clock. So the
        wall clock is looked at again after every slice.
        """
        while (left := (at - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - nothing but time is waited for
            await asyncio.sleep(min(left, self._slice_seconds))
