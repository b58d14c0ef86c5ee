"""What reading a `README.md` gives."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from runbook_keys.book.problem import Problem
from runbook_keys.model.runbook import Runbook


class Suppression(Struct, frozen=True):
    """One `<!-- keys: allow RULE because REASON -->`: it holds for the step or section that it stands in.

    `first_line` and `last_line` bound that place (1-based, inclusive); `place` names it: `A1`, `section 4` or `file`.
    """

    rule: str
    reason: str
    line: int
    place: str
    first_line: int
    last_line: int

    def covers(self, rule: str, line: int) -> bool:
        """True where a finding of `rule` in `line` is allowed by this."""
        return rule == self.rule and self.first_line <= line <= self.last_line


class Book(Struct, frozen=True):
    """A text, the runbook in it, and what is wrong with it, in the order of lines.

    `last_lines` gives, for each way out by its first line, the last line that it fills.
    """

    source: bytes
    runbook: Runbook
    file: str = "README.md"
    problems: tuple[Problem, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    last_lines: Mapping[int, int] = {}
