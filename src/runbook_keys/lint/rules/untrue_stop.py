"""STOP says that nothing was changed, and something may have been."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import Ending

NAME = "untrue-stop"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each STOP that comes after an action on a straight path, without going back and without a roll-back."""
    graph = material.graph
    actions = [label for label, step in graph.steps.items() if step.kind.is_changing]
    after = graph.reachable_from(actions, lambda edge: not edge.is_bounded and edge.rolls_back is None)
    for edge in graph.edges:
        if edge.ends_as(Ending.STOPPED) and edge.source in after and edge.rolls_back is None:
            reason = f'In step {edge.source}, "{edge.branch.words}" ends STOP after an action may have run.'
            yield Fault(edge.branch.line, reason, "Lead it to ESCALATE, or roll the action back first.")
