"""A condition can't be read, or looks at something that is not known where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.book.conditions import check
from runbook_keys.errors import InvalidCondition
from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.observing import looked_at
from runbook_keys.lint.reading import faults
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import Branch, Step

NAME = "invalid-condition"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each condition that will not be understood."""
    yield from faults(material, NAME)
    for step in material.runbook.steps:
        known = material.values_after(step)
        for branch in step.branches:
            if branch.condition is not None and (fault := _fault(material, step, branch, known)):
                yield fault


def _fault(material: Material, step: Step, branch: Branch, known: frozenset[str]) -> Fault | None:
    condition = branch.condition or ""
    try:
        check(condition, known | frozenset(material.captures.values()))
    except InvalidCondition as refusal:
        reason = f"In step {step.label}, `{condition}` can't be used: {refusal}"
        return Fault(branch.line, reason, "Write a comparison such as `exit_code == 0`.")
    return _not_captured(material, step, branch, known)


def _not_captured(material: Material, step: Step, branch: Branch, known: frozenset[str]) -> Fault | None:
    from_elsewhere = frozenset(material.captures.values()) - known
    missing = sorted(from_elsewhere & looked_at(branch.condition or ""))
    if not missing:
        return None
    reason = f"In step {step.label}, {missing[0]} is not always there: some paths come past its capture."
    mend = f"Let every path to {step.label} pass the step that captures {missing[0]}, or capture it here."
    return Fault(branch.line, reason, mend)
