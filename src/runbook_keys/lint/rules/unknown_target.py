"""A way out leads to a step that does not exist, or its target can't be read."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.reading import faults
from runbook_keys.model.finding import Level

NAME = "unknown-target"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each target that leads nowhere."""
    yield from faults(material, NAME)
    labels = ", ".join(material.graph.steps)
    for edge in material.graph.edges:
        if edge.to is not None and edge.to not in material.graph.steps:
            reason = f'In step {edge.source}, "{edge.branch.words}" leads to {edge.to}, which does not exist.'
            yield Fault(edge.branch.line, reason, f"Lead to one of: {labels}.")
    for exclusion in material.runbook.exclusions:
        label = getattr(exclusion.target, "label", None)
        if label is not None and label not in material.graph.steps:
            reason = f'"{exclusion.words}" leads to {label}, which does not exist.'
            yield Fault(exclusion.line, reason, "Lead to another runbook: → HAND OFF its-slug")
