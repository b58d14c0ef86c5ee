"""A way out can never be taken, because an earlier one takes all that it would take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from runbook_keys.book.conditions import evaluate, names
from runbook_keys.errors import ConditionFailed, InvalidCondition
from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.observing import compares_itself, covers, exhausts
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import Branch, Step

NAME = "shadowed-way-out"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each way out that is never tried, and each that says the same as another one."""
    for step in material.runbook.steps:
        yield from _same_words(step)
        conditional = [branch for branch in step.branches if branch.condition is not None]
        yield from _constant(step, conditional)
        yield from _shadowed(step, conditional)


def _same_words(step: Step) -> Iterator[Fault]:
    seen: dict[str, Branch] = {}
    for branch in step.branches:
        words = " ".join(branch.words.casefold().split())
        if words in seen:
            reason = (
                f'In step {step.label}, "{branch.words}" stands twice (first in line {seen[words].line}).'
            )
            yield Fault(branch.line, reason, "Give each way out its own words, or remove one.")
        seen.setdefault(words, branch)


def _constant(step: Step, branches: Sequence[Branch]) -> Iterator[Fault]:
    for branch in branches:
        value = _constant_value(branch.condition or "")
        if value is not None:
            when = "always holds, so nothing after it is tried" if value else "never holds"
            reason = f"In step {step.label}, `{branch.condition}` looks at nothing: it {when}."
            yield Fault(branch.line, reason, "Compare what the step observes, such as `exit_code == 0`.")


def _constant_value(condition: str) -> bool | None:
    """What a condition says that looks at nothing, or compares a thing with itself; None for all others."""
    if compares_itself(condition):
        return True
    try:
        return None if names(condition) else evaluate(condition, {})
    except (InvalidCondition, ConditionFailed):
        return None


def _shadowed(step: Step, branches: Sequence[Branch]) -> Iterator[Fault]:
    for number, branch in enumerate(branches):
        earlier = [_flat(each) for each in branches[:number]]
        own = _flat(branch)
        same = next((each for each in earlier if each == own or covers(each, own)), None)
        if same is not None:
            reason = f"In step {step.label}, `{own}` is never reached: `{same}` takes it before."
            yield Fault(branch.line, reason, "Put the narrower condition first, or remove this way out.")
        elif any(exhausts(one, other) for one, other in combinations(earlier, 2)):
            reason = f"In step {step.label}, `{own}` is never reached: those before it take everything."
            yield Fault(branch.line, reason, "Put it first, or remove it.")


def _flat(branch: Branch) -> str:
    return " ".join((branch.condition or "").split())
