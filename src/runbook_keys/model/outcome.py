"""How one try of a block ended, and what was observed."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from runbook_keys.model.key import KeyCall


class Role(StrEnum):
    """Which block of a step an attempt runs."""

    WORK = "work"
    ROLLBACK = "rollback"
    ROLLBACK_CHECK = "rollback-check"
    PROBE = "probe"
    EVIDENCE = "evidence"

    @property
    def is_looking_only(self) -> bool:
        """True for the roles that may change nothing, whatever the step's class is."""
        return self in (Role.ROLLBACK_CHECK, Role.PROBE, Role.EVIDENCE)


class OutcomeKind(StrEnum):
    """Unknown is not failed: it says that nobody knows whether the effect happened."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Observation(Struct, frozen=True):
    """What an attempt showed, masked and capped.

    `rows` are SQL rows as JSON-ready mappings; `answer` is the 0-based way out that a person chose. `result` is the
    object that a KEY returned.
    """

    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    rows: list[dict[str, Any]] | None = None
    answer: int | None = None
    is_truncated: bool = False
    result: dict[str, Any] | None = None


class Outcome(Struct, frozen=True):
    """The end of one attempt: its kind, why in words, what was seen, how long it took.

    `enforcement` says what kept a looking step from changing anything ("Landlock, ABI 7", "read-only transaction")
    or that nothing did ("not enforced here: ..."). Empty where a change was the purpose. `call` tells of a called KEY.
    """

    kind: OutcomeKind
    observation: Observation = Observation()
    why: str = ""
    duration_ms: int = 0
    enforcement: str = ""
    call: KeyCall | None = None


class Verdict(Struct, frozen=True):
    """What became of one way out's condition: `matched` is None where it could not be evaluated, and `why` says so."""

    branch: int
    matched: bool | None
    why: str = ""


class Settlement(StrEnum):
    """What became known about an unknown outcome."""

    APPLIED = "applied"
    NOT_APPLIED = "not-applied"
    UNCLEAR = "unclear"
