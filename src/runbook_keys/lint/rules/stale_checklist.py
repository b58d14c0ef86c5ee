"""`checklist.md` was not made from this `README.md`."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.book.checklist import checklist
from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "stale-checklist"
LEVEL = Level.ERROR

CHECKLIST = "checklist.md"


def find(material: Material) -> Iterator[Fault]:
    """The checklist, where it differs from what would be made now. Without a sound `pack.json` nobody knows."""
    written = material.files.get(CHECKLIST)
    if written is None or not material.is_there or material.metadata is None:
        return
    wanted = checklist(material.runbook, material.book.source, material.metadata).encode("utf-8", "replace")
    if written.replace(b"\r\n", b"\n") != wanted:
        reason = "checklist.md was not made from this README.md and pack.json."
        yield Fault(1, reason, "Make it again with `keys fmt`.", CHECKLIST)
