"""What the book says about a text that it can't read as it stands."""

from __future__ import annotations

from msgspec import Struct


class Problem(Struct, frozen=True):
    """One fault of the text.

    `line` is 1-based, 0 for the file as a whole; `kind` is a kebab word that never changes once released; `reason` says
    what is wrong and `mend` what to write instead.
    """

    line: int
    kind: str
    reason: str
    mend: str


Problems = list[Problem]
"""Where one pass of reading collects what it finds, in any order."""


def in_order(problems: Problems) -> tuple[Problem, ...]:
    """The same problems by line, each once."""
    return tuple(sorted(set(problems), key=lambda problem: (problem.line, problem.kind, problem.reason)))
