"""A condition can never hold, whatever the step observes."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.observing import NUMBERS, TEXTS, Comparison, comparisons_in, unobserved
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import Block, Branch, Step

NAME = "unmatchable-condition"
LEVEL = Level.ERROR

_WHOSE = {"rows": "sql", "result": "key", "json": "bash or key"}


def find(material: Material) -> Iterator[Fault]:
    """Each condition that looks at what is not there, or compares things of different kinds."""
    texts = TEXTS | material.inputs | frozenset(material.captures.values())
    for step in material.runbook.steps:
        for branch in step.branches:
            if step.block is not None and branch.condition is not None:
                yield from _faults(step, step.block, branch, texts)


def _faults(step: Step, block: Block, branch: Branch, texts: frozenset[str]) -> Iterator[Fault]:
    condition = branch.condition or ""
    for name in sorted(unobserved(condition, block)):
        reason = f"In step {step.label}, `{condition}` never holds: its block gives no {name}."
        yield Fault(
            branch.line, reason, f"Only {_WHOSE[name]} blocks give {name}. Look at exit_code or stdout."
        )
    for comparison in comparisons_in(condition):
        why = _why_never(comparison, texts)
        if why:
            reason = f"In step {step.label}, `{condition}` never holds: {why[0]}"
            yield Fault(branch.line, reason, why[1])


def _why_never(comparison: Comparison, texts: frozenset[str]) -> tuple[str, str] | None:
    subject, literal = comparison.subject, comparison.literal
    if subject in texts and isinstance(comparison.value, float):
        return f"{subject} is text and {literal} a number.", f'Write "{literal}", or int({subject}).'
    if subject in NUMBERS and comparison.is_text:
        return f"{subject} is a number and {literal} is text.", "Remove the quotes."
    if subject == "exit_code" and _is_no_exit_code(comparison):
        return "exit codes are 0 to 255.", "Write a code between 0 and 255."
    if subject in TEXTS and comparison.sign == "==" and comparison.is_text and _is_one_line(literal):
        return f"{subject} ends with a line break.", f"Use capture=, or {subject}.startsWith({literal})."
    return None


def _is_no_exit_code(comparison: Comparison) -> bool:
    value = comparison.value
    if isinstance(value, str):
        return False
    beyond = {
        "==": not 0 <= value <= 255,
        ">": value >= 255,
        ">=": value > 255,
        "<": value <= 0,
        "<=": value < 0,
    }
    return beyond.get(comparison.sign, False)


def _is_one_line(literal: str) -> bool:
    """True for text that a command would print with a line break after it."""
    return len(literal) > 2 and "\\n" not in literal
