"""A circuit breaker: stops calling a dependency that fails, and tries again carefully.

closed: calls go through; FAILURES_TO_OPEN in a row open it. open: no call goes through until it has cooled down.
half-open: one call at a time goes through; SUCCESSES_TO_CLOSE in a row close it, one failure opens it again.

A person may hold it open, or give it back to itself (mode `auto`). Given back, it begins half-open.
"""

import threading
from collections.abc import Callable
from typing import Any

FAILURES_TO_OPEN = 5
SUCCESSES_TO_CLOSE = 3
COOL_DOWN_SECONDS = 0.5  # thirty seconds of the world's clock
KEPT = 50
MODES = ("auto", "open")


class Breaker:
    """One breaker. Safe to use from several threads. `clock` gives seconds that never go back, `wall` Unix seconds."""

    def __init__(self, name: str, mode: str, clock: Callable[[], float], wall: Callable[[], float]) -> None:
        self._name, self._clock, self._wall = name, clock, wall
        self._lock = threading.Lock()
        self._failures = self._successes = self._trips = 0
        self._is_trying = False
        self._opened_at = 0.0
        self._history: list[dict[str, Any]] = []
        self.mode = mode
        self._enter("open" if mode == "open" else "closed", "the service started")

    def admit(self) -> bool:
        """Whether a call may be made now. Who is admitted must say `succeeded` or `failed` afterwards."""
        with self._lock:
            has_cooled = self._clock() - self._opened_at >= COOL_DOWN_SECONDS
            if self._state == "open" and self.mode == "auto" and has_cooled:
                self._enter("half-open", "it has cooled down")
            if self._state == "half-open":
                is_first, self._is_trying = not self._is_trying, True
                return is_first
            return self._state == "closed"

    def succeeded(self) -> None:
        """A call that was admitted went well."""
        with self._lock:
            self._failures = 0
            self._is_trying = False
            if self._state == "half-open":
                self._successes += 1
                if self._successes >= SUCCESSES_TO_CLOSE:
                    self._enter("closed", f"{SUCCESSES_TO_CLOSE} calls went well")

    def failed(self, why: str) -> None:
        """A call that was admitted went wrong."""
        with self._lock:
            self._failures += 1
            self._is_trying = False
            if self._state == "half-open" or (self._state == "closed" and self._failures >= FAILURES_TO_OPEN):
                self._trips += 1
                self._enter("open", why)

    def set_mode(self, mode: str, why: str) -> None:
        """Hold it open, or give it back to itself; then it begins carefully, and counts its trips from zero."""
        with self._lock:
            if mode == self.mode:
                return
            self.mode, self._trips = mode, 0
            self._enter("open" if mode == "open" else "half-open", why)

    def describe(self) -> dict[str, Any]:
        """Name, mode, state, since when, how often it opened by itself since the mode was set, and its history."""
        with self._lock:
            return {
                "name": self._name,
                "mode": self.mode,
                "state": self._state,
                "state_since": self._history[-1]["at"],
                "trips": self._trips,
                "history": list(self._history),
            }

    def _enter(self, state: str, why: str) -> None:
        self._state = state
        self._failures = self._successes = 0
        self._is_trying = False
        self._opened_at = self._clock()
        self._history = [*self._history, {"at": self._wall(), "state": state, "why": why}][-KEPT:]
