"""What an oracle says about its world."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Verdict:
    """What the oracle found.

    `problems` say what is not well (none: `is_healthy`). `changed` says what differs from the moment of the break
    without a recovery from that fault needing it; `recovered` what differs and was needed.
    """

    problems: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    recovered: list[str] = field(default_factory=list)

    @property
    def is_healthy(self) -> bool:
        """Whether everything works as it should, and nothing was lost or done twice."""
        return not self.problems
