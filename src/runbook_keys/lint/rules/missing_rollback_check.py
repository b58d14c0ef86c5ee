"""Nobody can tell whether the rollback of an action worked."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import SafetyClass

NAME = "missing-rollback-check"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each reversible action without a rollback check."""
    for step in material.runbook.steps:
        if step.kind.is_changing and step.safety is SafetyClass.REVERSIBLE and step.rollback_check is None:
            reason = f"Step {step.label} is called REVERSIBLE and has no check that its rollback worked."
            yield Fault(
                step.line,
                reason,
                "Add **Rollback check** with a block that ends with exit code 0 when undone.",
            )
