"""Time as this machine tells it, and time that passes faster for practice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _wall() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class SystemClock:
    """The wall clock, aware, in UTC, cut to milliseconds."""

    scale = 1

    def __init__(self, wall: Callable[[], datetime] = _wall, slice_seconds: float = 5.0) -> None:
        """`slice_seconds` bounds how late a sleeper notices that the clock was set or the machine was suspended."""
        self._wall = wall
        self._slice_seconds = slice_seconds

    def now(self) -> datetime:
        """The present instant."""
        return self._wall()

    async def sleep_until(self, at: datetime) -> None:
        """Return when the wall clock has reached `at`.

        The event loop's own clock stands still while the machine is suspended and ignores a corrected wall clock. So the
        wall clock is looked at again after every slice.
        """
        while (left := (at - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - nothing but time is waited for
            await asyncio.sleep(min(left, self._slice_seconds))


class CompressedClock:
    """A clock on which `scale` seconds pass in one, from `start` on; it ignores the wall clock."""

    def __init__(self, scale: int, start: datetime) -> None:
        if scale < 1:
            raise ValueError(f"A clock can't run {scale} times as fast.")
        self.scale = scale
        self._start = start
        self._started_at = time.monotonic()

    def now(self) -> datetime:
        """The present instant on this clock, cut to milliseconds."""
        passed = (time.monotonic() - self._started_at) * self.scale
        return self._start + timedelta(milliseconds=int(passed * 1000))

    async def sleep_until(self, at: datetime) -> None:
        """Return when this clock has reached `at`."""
        while (left := (at - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - nothing but time is waited for
            await asyncio.sleep(left / self.scale)
