"""Section 8 does not say who is called, or when."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "missing-escalation"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """What is missing in section 8: a contact, a reason to call, a time after which to call."""
    line, runbook = material.section_line(8), material.runbook
    if not line:
        return
    if not runbook.escalate_to and not _has(material, "contacts-without-backticks"):
        reason = "Section 8 does not say who is called."
        yield Fault(line, reason, "Add **Escalate to**: `first-contact`, then `second-contact`")
    if not runbook.escalate_when:
        reason = "Section 8 does not say when to call for help."
        yield Fault(
            line, reason, "Add **Escalate when** with: - 30 minutes have passed and … has not succeeded."
        )
    elif runbook.escalate_after is None:
        reason = "Section 8 names no time after which to call for help."
        yield Fault(
            line, reason, "Add under **Escalate when**: - 30 minutes have passed and … has not succeeded."
        )


def _has(material: Material, kind: str) -> bool:
    return any(problem.kind == kind for problem in material.book.problems)
