"""No path leads to a step."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "unreachable-step"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each step that a run can never come to."""
    reachable = material.graph.reachable
    for label, step in material.graph.steps.items():
        if label not in reachable:
            reason = f"Step {label} can never be reached."
            yield Fault(step.line, reason, f"Lead a way out to {label}, or remove the step.")
