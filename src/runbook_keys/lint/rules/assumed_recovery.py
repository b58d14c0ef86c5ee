"""What nobody could tell leads to RESOLVED: silence is taken for recovery."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import Ending

NAME = "assumed-recovery"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each last way out, or one after its limit, that ends the run as RESOLVED."""
    for edge in material.graph.edges:
        step = material.graph.steps[edge.source]
        is_rest = edge.branch == step.branches[-1] and edge.branch.condition is None
        if edge.ends_as(Ending.RESOLVED) and (is_rest or edge.is_overflow):
            reason = f'In step {edge.source}, "{edge.branch.words}" ends RESOLVED although nothing was seen to work.'
            yield Fault(edge.branch.line, reason, "Lead it to ESCALATE or to a step that looks again.")
