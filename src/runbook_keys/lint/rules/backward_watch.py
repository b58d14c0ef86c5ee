"""A repeated verification goes on while things are bad, and stops when they are good."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.graph import Edge
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import Ending, StepKind

NAME = "backward-watch"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each repeated check whose first way out is not the good one: that is the one which keeps the watch going."""
    for label, step in material.graph.steps.items():
        if step.schedule is None or step.schedule.repetitions < 2 or len(step.branches) < 2:
            continue
        first = next(
            (edge for edge in material.graph.leaving[label] if edge.branch == step.branches[0]), None
        )
        if first is not None and not _is_good(material, first):
            reason = f'Step {label} repeats while "{first.branch.words}" holds, and that leads to {first.branch.target}.'
            yield Fault(first.branch.line, reason, "Put the way out for the healthy state first.")


def _is_good(material: Material, edge: Edge) -> bool:
    step = material.graph.steps.get(edge.to or "")
    return edge.ends_as(Ending.RESOLVED) or (step is not None and step.kind is StepKind.VERIFICATION)
