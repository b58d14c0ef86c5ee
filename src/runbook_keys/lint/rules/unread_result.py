"""A KEY is called and nobody looks at what it returns."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.observing import fields_of
from runbook_keys.model.finding import Level
from runbook_keys.model.outcome import Role

NAME = "unread-result"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each step that calls a KEY and has no way out that reads a field of `result`."""
    for call in material.key_calls:
        step = call.place.step
        if step is None or call.place.role is not Role.WORK or call.place.block.capture:
            continue
        conditions = [branch.condition for branch in step.branches if branch.condition]
        if conditions and not any(fields_of(condition, "result") for condition in conditions):
            reason = f"Step {step.label} calls {call.key.slug} and no way out reads what it returns."
            yield Fault(
                call.place.block.line, reason, "Decide by a field of `result`, not by the exit code alone."
            )
