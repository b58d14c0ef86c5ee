"""A step calls a KEY and does not say what it is for."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.outcome import Role

NAME = "unexplained-call"
LEVEL = Level.ERROR

FEWEST_WORDS = 4


def find(material: Material) -> Iterator[Fault]:
    """Each step that calls a KEY without a sentence on what comes back, or (for a change) when it is right."""
    for call in material.key_calls:
        step = call.place.step
        if step is None or call.place.role is not Role.WORK:
            continue
        said = f"{step.prose} {step.precondition}" if call.key.is_changing else step.prose
        if len(said.split()) < FEWEST_WORDS:
            reason = f"Step {step.label} calls {call.key.slug} and does not say what comes back."
            yield Fault(
                step.line, reason, "Add a sentence before the block: what it looks at, what it returns."
            )
