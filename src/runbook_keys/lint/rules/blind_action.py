"""What nobody could tell leads straight to an action that can't be undone."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import SafetyClass

NAME = "blind-action"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each last way out that leads to an irreversible action."""
    for edge in material.graph.edges:
        step, target = material.graph.steps[edge.source], material.graph.steps.get(edge.to or "")
        is_rest = edge.branch == step.branches[-1] and edge.branch.condition is None
        if target is not None and is_rest and target.safety is SafetyClass.IRREVERSIBLE:
            reason = f'In step {step.label}, "{edge.branch.words}" leads to {target.label}, which can\'t be undone.'
            yield Fault(
                edge.branch.line,
                reason,
                "Lead it to ESCALATE, and to the action only where a sign asks for it.",
            )
