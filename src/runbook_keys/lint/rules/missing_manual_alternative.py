"""An action runs a command and does not say how a person does it without the tool."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import StepKind

NAME = "missing-manual-alternative"
LEVEL = Level.WARNING


def find(material: Material) -> Iterator[Fault]:
    """Each action with a block and without a manual alternative."""
    for step in material.runbook.steps:
        if step.kind is StepKind.ACTION and step.block is not None and not step.manual_alternative:
            reason = f"Step {step.label} does not say how it is done by hand when its command can't run."
            yield Fault(step.line, reason, "Add **Manual alternative**: where to click, what to type.")
