"""Section 4 does not say what must not be done."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "missing-do-not"
LEVEL = Level.WARNING


def find(material: Material) -> Iterator[Fault]:
    """Section 4, where its list of what not to do is empty."""
    line = material.section_line(4)
    if line and not material.runbook.do_not:
        reason = "Section 4 does not say what would make things worse."
        yield Fault(line, reason, "Add **Do not** with the acts that destroy evidence or data, and why.")
