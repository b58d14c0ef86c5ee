"""An action is called SAFE, although it exists to change something."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import SafetyClass

NAME = "mislabelled-action"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each action or rollback procedure with the class SAFE."""
    for step in material.runbook.steps:
        if step.kind.is_changing and step.safety is SafetyClass.SAFE:
            reason = f"Step {step.label} is called SAFE, and an action changes something."
            yield Fault(
                step.line, reason, "Call it REVERSIBLE or IRREVERSIBLE, or make it a D step that looks."
            )
