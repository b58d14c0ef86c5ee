"""What a training counts, and that only a training is scored."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runbook_keys.drills.plan import DrillPlan
from runbook_keys.drills.result import FollowedRun
from runbook_keys.drills.training import skipped, wrong_turns
from runbook_keys.engine import inputs as i
from runbook_keys.engine.decide import decide
from runbook_keys.engine.evolve import evolve
from runbook_keys.engine.state import State
from runbook_keys.errors import Refused
from runbook_keys.model import event as e
from runbook_keys.model.runbook import Branch, End, Ending, GoTo, Runbook, SafetyClass, Step, StepKind

AT = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
PLAN = DrillPlan(
    "f", "d", Ending.RESOLVED, answers={"D1": ("No", "Yes"), "neighbour/D1": "Maybe"}, rolled_back=("A1",)
)


def _answered(
    words: str, step: str = "D1", because: e.BranchReason = e.BranchReason.ANSWERED
) -> e.BranchTaken:
    return e.BranchTaken(step, 0, words, GoTo("A1"), because)


@pytest.mark.parametrize(
    ("events", "wrong"),
    [
        ((_answered("No"), _answered("Yes"), _answered("Yes")), 0),
        ((_answered("Yes"),), 1),
        ((_answered("No"), _answered("No")), 1),
        ((_answered("Whatever", "D9"),), 0),
        ((_answered("Yes", because=e.BranchReason.MATCHED),), 0),
        ((e.WayOverruled("D1", "A2", "I know better"),), 1),
        ((e.ActionRolledBack("A1"), e.ActionRolledBack("A2")), 1),
    ],
)
def test_a_wrong_turn_is_a_persons_own(events: tuple[e.Event, ...], wrong: int) -> None:
    """What the machine decided is nobody's mistake; an answer that the plan does not know is held against nobody."""
    assert wrong == wrong_turns(PLAN, [FollowedRun("own", events)])


def test_steps_of_the_neighbour_are_told_apart() -> None:
    """D1 of the other runbook has an answer of its own."""
    runs = [FollowedRun("own", (_answered("No"),)), FollowedRun("neighbour", (_answered("Maybe"),))]

    assert 0 == wrong_turns(PLAN, runs)
    assert 1 == skipped([FollowedRun("own", (e.StepSkipped("D1", "no time"),))])


@pytest.mark.parametrize("kind", [e.RunKind.INCIDENT, e.RunKind.DRILL])
def test_only_a_training_is_scored(kind: e.RunKind) -> None:
    """A score on a real incident would be a verdict on a person under pressure."""
    way = Branch("Good", End(Ending.STOPPED), 1, "exit_code == 0")
    runbook = Runbook(
        "R", steps=(Step("S1", StepKind.SAFETY_CHECK, "Look", 1, SafetyClass.SAFE, branches=(way,)),)
    )
    state = State()
    opened = e.RunOpened("r", "1.0.0", "", "", "", {}, "S1", "r-1", kind)
    for event in (
        opened,
        e.StepEntered("S1", 1),
        e.ClosingBegun(Ending.STOPPED, "S1"),
        e.RunEnded(Ending.STOPPED),
    ):
        state = evolve(state, event, AT)

    with pytest.raises(Refused, match="Only a training"):
        decide(runbook, state, i.Score("anna", "f", 60, 0, 0, True), AT)
