"""An action does not say its class."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "unargued-class"
LEVEL = Level.ERROR

_UNREAD = frozenset({"bad-class"})


def find(material: Material) -> Iterator[Fault]:
    """Each step that changes something and says neither REVERSIBLE nor IRREVERSIBLE."""
    for step in material.runbook.steps:
        if step.kind.is_changing and not step.is_class_declared and not material.has_problem(step, _UNREAD):
            reason = f"Step {step.label} does not say whether it can be undone, so it counts as IRREVERSIBLE."
            yield Fault(step.line, reason, "End its heading with (REVERSIBLE) or (IRREVERSIBLE).")
