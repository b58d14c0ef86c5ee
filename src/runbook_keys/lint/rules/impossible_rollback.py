"""A way out rolls back something that is no action, can't be undone, or never ran."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.graph import Edge
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import SafetyClass, Step

NAME = "impossible-rollback"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each roll-back that can't be done."""
    for edge in material.graph.edges:
        fault = _fault(material, edge, edge.rolls_back) if edge.rolls_back else None
        if fault is not None:
            yield fault


def _fault(material: Material, edge: Edge, label: str) -> Fault | None:
    action = material.graph.steps.get(label)
    words = f'In step {edge.source}, "{edge.branch.words}" rolls back {label}'
    if action is None:
        return Fault(
            edge.branch.line, f"{words}, which does not exist.", f"Name one of: {_undoable(material)}."
        )
    if action.rollback is None and action.safety is SafetyClass.REVERSIBLE:
        return None  # that is missing-rollback
    if action.rollback is None:
        return Fault(
            edge.branch.line, f"{words}, which has no rollback.", f"Name one of: {_undoable(material)}."
        )
    if not _may_have_run(material, action, edge.source):
        return Fault(
            edge.branch.line,
            f"{words}, which no path to {edge.source} has run.",
            "Roll back what ran, or nothing.",
        )
    return None


def _undoable(material: Material) -> str:
    return (
        ", ".join(step.label for step in material.runbook.steps if step.rollback)
        or "(no step has a rollback)"
    )


def _may_have_run(material: Material, action: Step, source: str) -> bool:
    return source in material.graph.reachable_from([action.label])
