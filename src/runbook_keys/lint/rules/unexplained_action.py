"""An action does not say when it applies, or what else it does."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import StepKind

NAME = "unexplained-action"
LEVEL = Level.ERROR

_UNREAD = frozenset({"empty-label", "unknown-label"})


def find(material: Material) -> Iterator[Fault]:
    """Each action without precondition or side effects."""
    for step in material.runbook.steps:
        if step.kind is not StepKind.ACTION or material.has_problem(step, _UNREAD):
            continue
        if not step.precondition:
            reason = f"Step {step.label} does not say what must be so before it runs."
            yield Fault(step.line, reason, "Add **Precondition**: what was found, and by which step.")
        if not step.side_effects:
            reason = f"Step {step.label} does not say what else happens when it runs."
            yield Fault(
                step.line, reason, 'Add **Side effects**: what users notice, for how long. Or write "none".'
            )
