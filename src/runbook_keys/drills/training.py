"""How a person did in a training. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from runbook_keys.drills.plan import DrillPlan, place_of
from runbook_keys.drills.result import FollowedRun
from runbook_keys.model import event as e

_BY_A_PERSON = (e.BranchReason.ANSWERED, e.BranchReason.OVERRULED)


def wrong_turns(plan: DrillPlan, runs: Sequence[FollowedRun]) -> int:
    """Answers other than the plan's, steps gone to against the tree, and actions undone that need no undo.

    Where the plan has no answer to a question, none is held against anybody.
    """
    own = runs[0].slug if runs else ""
    asked: Counter[str] = Counter()
    wrong = 0
    for run in runs:
        for event in run.events:
            place = place_of(run.slug, own, getattr(event, "step", ""))
            if isinstance(event, e.BranchTaken) and event.because in _BY_A_PERSON:
                asked[place] += 1
                wrong += _is_wrong(plan, place, asked[place], event.words)
            wrong += isinstance(event, e.WayOverruled)
            wrong += isinstance(event, e.ActionRolledBack) and place not in plan.rolled_back
    return wrong


def _is_wrong(plan: DrillPlan, place: str, time: int, words: str) -> bool:
    wanted = plan.answers.get(place)
    if wanted is None:
        return False
    answers = (wanted,) if isinstance(wanted, str) else wanted
    return words != answers[min(time, len(answers)) - 1]


def skipped(runs: Sequence[FollowedRun]) -> int:
    """Looks that were passed over."""
    return sum(isinstance(event, e.StepSkipped) for run in runs for event in run.events)
