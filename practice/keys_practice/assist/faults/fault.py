"""What a fault of this department is."""

from collections.abc import Callable
from dataclasses import dataclass

from keys_practice.assist.department import Department

ANSWERS_WHILE_BROKEN = 70


@dataclass(frozen=True)
class Fault:
    """One way to break it.

    `faulty` are the settings whose value it makes a bad one; a right recovery puts back what was in force before, and
    holds the answers of the meantime. `may_change` are settings that a right recovery may change besides. `cause`
    returns when the symptom can be seen.
    """

    description: str
    cause: Callable[[Department], None]
    faulty: frozenset[str] = frozenset()
    may_change: frozenset[str] = frozenset()
