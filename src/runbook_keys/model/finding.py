"""What a rule says about a pack."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Level(StrEnum):
    """`error`: nobody may be paged with this. `warning`: mend it before the next release."""

    ERROR = "error"
    WARNING = "warning"


class Finding(Struct, frozen=True, order=True):
    """One fault on the page: where it is, why it is one, and how to mend it.

    `file` is relative to the pack; `line` is 1-based, 0 for the file as a whole.
    """

    file: str
    line: int
    rule: str
    reason: str
    mend: str
    severity: Level = Level.ERROR
    suppressed_because: str | None = None
