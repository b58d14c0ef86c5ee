"""A clock that the test holds."""

from dataclasses import dataclass


@dataclass
class HeldClock:
    """A monotonic clock that moves only when its seconds are changed."""

    seconds: float

    def __call__(self) -> float:
        """The present reading."""
        return self.seconds
