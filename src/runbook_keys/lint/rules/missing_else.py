"""A step has no last way out for anything else."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import Branch, Step

NAME = "missing-else"
LEVEL = Level.ERROR

_UNREAD = frozenset({"bad-target", "bad-condition", "answer-leads-nowhere", "way-out-without-words"})

_DOUBT = frozenset(
    {"i can't tell", "i cannot tell", "i can not tell", "i don't know", "not sure", "anything else"}
)
_ROWS_OF_PROBLEMS = frozenset(
    {"bad-target", "bad-condition", "answer-leads-nowhere", "way-out-without-words"}
)


def find(material: Material) -> Iterator[Fault]:
    """Each step that can leave a person without a next step."""
    for step in material.runbook.steps:
        # A way out that can't be read is reported as such; that it is missing then says nothing new.
        if not material.has_problem(step, _UNREAD) and (fault := _fault(step)):
            yield fault


def _fault(step: Step) -> Fault | None:
    if not step.branches:
        mend = "Write what each result means, and end with: - Anything else → ESCALATE"
        return Fault(step.line, f"Step {step.label} has no ways out.", mend)
    wanted = '"Anything else" or "I can\'t tell"' if _asks(step) else '"Anything else"'
    last = step.branches[-1]
    if not _takes_the_rest(step, last):
        reason = f"Step {step.label} has no last way out for anything else."
        return Fault(last.line, reason, f"End the list with: - {_words(step)} → ESCALATE")
    early = next((branch for branch in step.branches[:-1] if branch.is_else), None)
    if early is not None:
        reason = f'In step {step.label}, what stands after "{early.words}" is never tried.'
        return Fault(early.line, reason, f"Put {wanted} last.")
    return None


def _words(step: Step) -> str:
    return "I can't tell" if _asks(step) else "Anything else"


def _asks(step: Step) -> bool:
    """True where a person chooses the way out: no way out has a condition."""
    return all(branch.condition is None for branch in step.branches) and (
        step.block is None or not (len(step.branches) == 1 and step.branches[0].is_else)
    )


def _takes_the_rest(step: Step, branch: Branch) -> bool:
    if branch.is_else:
        return True
    words = branch.words.casefold().replace("’", "'").rstrip(".:!")
    return _asks(step) and words in _DOUBT
