"""A capture has the name of an input, so two different values go by one name."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "reused-name"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each capture that is called like an input, or like something that conditions look at."""
    for label, name in material.captures.items():
        step = material.graph.steps[label]
        if name in material.inputs and step.block is not None:
            reason = f"Step {label} captures {name}, which is also an input."
            yield Fault(step.block.line, reason, "Give the capture another name.")
