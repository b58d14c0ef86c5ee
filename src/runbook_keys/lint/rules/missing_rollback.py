"""A REVERSIBLE action does not say how it is undone."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import SafetyClass

NAME = "missing-rollback"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each reversible action without a rollback."""
    for step in material.runbook.steps:
        if step.kind.is_changing and step.safety is SafetyClass.REVERSIBLE and step.rollback is None:
            reason = f"Step {step.label} is called REVERSIBLE and has no rollback."
            yield Fault(step.line, reason, "Add **Rollback** with a block or words, or call it IRREVERSIBLE.")
