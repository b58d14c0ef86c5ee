"""A step and the KEY that it calls disagree about what the call does."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.book.key_arguments import unfit_mode
from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material, PlacedCall
from runbook_keys.model.finding import Level
from runbook_keys.model.key import KeyMode
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import SafetyClass, Step

NAME = "contradicted-key"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each call whose class or mode is not what the KEY says of itself."""
    for call in material.key_calls:
        yield from _about_mode(call)
        if call.place.step is not None and call.place.role is Role.WORK and call.mode is KeyMode.RUN:
            yield from _about_step(call, call.place.step)


def _about_mode(call: PlacedCall) -> Iterator[Fault]:
    reason = unfit_mode(call.key, call.mode, call.place.is_looking)
    if reason:
        mend = "Call it from an action, with `mode=dry-run`, or call another KEY."
        yield Fault(call.place.block.line, f"{call.place.as_subject}: {reason}", mend)


def _about_step(call: PlacedCall, step: Step) -> Iterator[Fault]:
    key, line = call.key, call.place.block.line
    if step.safety is SafetyClass.REVERSIBLE and key.safety is SafetyClass.IRREVERSIBLE:
        reason = f"Step {step.label} says REVERSIBLE, and {key.slug} can't be undone."
        yield Fault(step.line, reason, f"Mark {step.label} IRREVERSIBLE.")
    if step.safety is not SafetyClass.SAFE and not key.is_changing:
        reason = f"Step {step.label} says that it changes something, and {key.slug} only looks."
        yield Fault(line, reason, "Make it a diagnosis, or call the KEY that makes the change.")
