"""A condition reads a field that the KEY never returns."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material, PlacedCall
from runbook_keys.lint.observing import fields_of
from runbook_keys.model.finding import Level
from runbook_keys.model.outcome import Role

NAME = "unknown-result"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each `result.field` in a way out that the KEY's `outputs` schema does not have."""
    for call in material.key_calls:
        step = call.place.step
        if step is None or call.place.role is not Role.WORK:
            continue
        for branch in step.branches:
            for field in sorted(fields_of(branch.condition or "", "result") - returned(call)):
                reason = f"In step {step.label}, `{branch.condition}` never holds: {call.key.slug} returns no {field}."
                yield Fault(branch.line, reason, f"It returns: {', '.join(sorted(returned(call)))}.")


def returned(call: PlacedCall) -> frozenset[str]:
    """The fields that the KEY's result may have."""
    return frozenset(call.key.outputs.get("properties", {}))
