"""Which way out an outcome leads to: the conditions, tried from the top, each with what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runbook_keys.book.conditions import evaluate
from runbook_keys.errors import ConditionFailed, InvalidCondition
from runbook_keys.model.outcome import Verdict
from runbook_keys.model.runbook import Branch


def verdicts_for(branches: Sequence[Branch], facts: Mapping[str, object]) -> tuple[Verdict, ...]:
    """One verdict per condition until the first that matches; one that can't be evaluated does not match."""
    verdicts: list[Verdict] = []
    for number, branch in enumerate(branches):
        if branch.condition is None:
            continue
        verdict = _verdict(number, branch.condition, facts)
        verdicts.append(verdict)
        if verdict.matched:
            break
    return tuple(verdicts)


def _verdict(number: int, condition: str, facts: Mapping[str, object]) -> Verdict:
    try:
        return Verdict(number, evaluate(condition, facts))
    except (ConditionFailed, InvalidCondition) as failure:
        return Verdict(number, None, str(failure))
