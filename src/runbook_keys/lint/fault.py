"""What a rule found: a place, why it is a fault, how to mend it."""

from __future__ import annotations

from msgspec import Struct

README = "README.md"
METADATA = "pack.json"


class Fault(Struct, frozen=True):
    """One fault on the page. `line` is 1-based, 0 for the file as a whole; `file` is relative to the pack.

    It carries neither the rule's name nor its level: the checker adds them, so no rule can speak for another.
    """

    line: int
    reason: str
    mend: str
    file: str = README
