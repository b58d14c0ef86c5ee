"""What a fault of this department is."""

from collections.abc import Callable
from dataclasses import dataclass

from keys_practice.wire.company import Company
from keys_practice.wire.layout import PAYMENTS

ANSWERS_WHILE_BROKEN = 10


@dataclass(frozen=True)
class Fault:
    """One way to break it.

    `allowed_changes` are the kinds of change (see snapshot.py) that a right recovery may make. `dependency` is what
    the alert names. `cause` returns when the symptom can be seen.
    """

    description: str
    cause: Callable[[Company], None]
    allowed_changes: frozenset[str] = frozenset()
    dependency: str = PAYMENTS


def contained(dependency: str) -> frozenset[str]:
    """What a right recovery from a failing dependency may switch."""
    return frozenset({f"breaker {dependency}", f"fallback {dependency}"})
