"""A way leads back without saying how often it may be taken."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.graph import Edge
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "unbounded-loop"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each way back on a circle that no "at most" breaks."""
    for edge in material.graph.endless_edges():
        yield Fault(
            edge.branch.line, _reason(edge), f"Write: → {edge.branch.target} (at most 2 times, then ESCALATE)"
        )


def _reason(edge: Edge) -> str:
    words = f'In step {edge.source}, "{edge.branch.words}"'
    if edge.is_overflow:
        return f"{words} leads back to {edge.to} when its limit is reached, so it never ends."
    return f"{words} leads back to {edge.to} and does not say how often."
