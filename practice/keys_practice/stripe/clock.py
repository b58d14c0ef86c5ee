"""The world's clock: retries and disabling are counted in world time, which runs faster than ours."""

import threading
import time
from collections.abc import Callable

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class WorldClock:
    """Seconds of world time; `speed` of them pass in one real second."""

    def __init__(
        self, speed: float, begin: float = 0.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._speed = speed
        self._world, self._real = begin, monotonic()

    def now(self) -> float:
        """World seconds since the world began."""
        with self._lock:
            return self._world + (self._monotonic() - self._real) * self._speed

    @property
    def speed(self) -> float:
        """World seconds per real second."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Go on from now at another speed."""
        now = self.now()
        with self._lock:
            self._world, self._real, self._speed = now, self._monotonic(), speed

    def real_seconds_until(self, moment: float) -> float:
        """How long to wait for a moment of world time (0 when it has passed)."""
        return max(0.0, (moment - self.now()) / self._speed)
