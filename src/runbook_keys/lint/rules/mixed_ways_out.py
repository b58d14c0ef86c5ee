"""Some ways out of a step have a condition and others have none, so nobody decides between them."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import Step

NAME = "mixed-ways-out"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each way out that the machine can't try, or that asks a step without a block for its output."""
    for step in material.runbook.steps:
        yield from _without_condition(step) if step.block else _with_condition(step)


def _without_condition(step: Step) -> Iterator[Fault]:
    if all(branch.condition is None for branch in step.branches):
        return
    for branch in step.branches[:-1]:
        if branch.condition is None and not branch.is_else:
            reason = f'In step {step.label}, "{branch.words}" has no condition, so it is never taken.'
            yield Fault(
                branch.line, reason, "Add one: words: `condition` → target. Or remove all conditions."
            )


def _with_condition(step: Step) -> Iterator[Fault]:
    for branch in step.branches:
        if branch.condition is not None:
            reason = (
                f'Step {step.label} runs nothing, so a person answers, and "{branch.words}" has a condition.'
            )
            yield Fault(
                branch.line, reason, "Remove the condition, or add the block whose output it looks at."
            )
