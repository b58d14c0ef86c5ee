"""From a step no path ends: not in RESOLVED, ESCALATE, STOP or HAND OFF."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import HandOff

NAME = "endless-path"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each step that no ending can be reached from, and each hand-off of the runbook to itself."""
    able = material.graph.able_to_end()
    for label, step in material.graph.steps.items():
        if label not in able:
            mend = "Let one of its ways out lead to RESOLVED, ESCALATE, STOP or HAND OFF."
            yield Fault(step.line, f"From step {label} no path ever ends.", mend)
    slug = material.metadata.slug if material.metadata else ""
    for edge in material.graph.edges:
        if isinstance(edge.leaf, HandOff) and edge.leaf.slug == slug:
            reason = f"Step {edge.source} hands off to this same runbook."
            yield Fault(edge.branch.line, reason, "Lead to a step, or hand off to another runbook.")
