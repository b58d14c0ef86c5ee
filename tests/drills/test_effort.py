"""The model of an operator's time: what is counted, and when something may be claimed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbook_keys.book.parse import parse
from runbook_keys.drills.effort import BOUNDS, Bound, Compared, Effort, MeasuringOperator, by_hand, is_claim
from runbook_keys.model import event as e
from runbook_keys.model import reply as r
from runbook_keys.model.actor import Actor, ActorKind
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import GoTo, SafetyClass
from runbook_keys.model.view import Asking, View, WayOut

BOOK = parse((Path(__file__).parents[1] / "lint" / "base" / "queue-stuck" / "README.md").read_bytes())


class Answering:
    """Says the one thing it was given."""

    actor = Actor(ActorKind.DRILL, "script")

    def __init__(self, reply: r.Reply) -> None:
        self._reply = reply

    async def reply(self, view: View) -> r.Reply:
        """It."""
        return self._reply

    async def wait(self, view: View, until: datetime) -> r.Reply:
        """It."""
        return self._reply

    def progress(self, view: View, text: str) -> None:
        """Nothing."""


def _shown(_view: View) -> Sequence[str]:
    return ("two words", "and three more")


@pytest.mark.parametrize(
    ("asking", "safety", "reply", "keys"),
    [
        (Asking.LOOK, SafetyClass.SAFE, r.Proceed(), 1),
        (Asking.APPROVAL, SafetyClass.REVERSIBLE, r.Approve("A1", "because"), 1),
        (Asking.APPROVAL, SafetyClass.IRREVERSIBLE, r.Approve("A1", "because"), 11),
        (Asking.QUESTION, SafetyClass.SAFE, r.Choose(1, "because"), 2),
        (Asking.CHOICE, SafetyClass.SAFE, r.Choose(1, "because"), 10),
        (Asking.EVIDENCE, SafetyClass.SAFE, r.Answer("it"), 3),
        (Asking.WATCHING, SafetyClass.SAFE, r.Wait(), 1),
    ],
)
def test_what_is_shown_and_typed_is_counted(
    asking: Asking, safety: SafetyClass, reply: r.Reply, keys: int
) -> None:
    """Only the keys that this screen really asks for; a reason is typed only where the screen wants one."""
    operator = MeasuringOperator(Answering(reply), _shown)
    view = View(asking, "r", "slug", "R", 0, safety=safety, ways_out=(WayOut("Yes", "x > 1", ""),))

    asyncio.run(
        operator.wait(view, datetime(2026, 1, 1, tzinfo=UTC))
        if asking is Asking.WATCHING
        else operator.reply(view)
    )

    assert Effort(words=5, keys=keys, decisions=1) == operator.effort


def test_by_hand_the_same_path_is_read_copied_decided_and_noted() -> None:
    """One step: its lines are read, its command is copied, two ways out are tried, a line is written down."""
    events = (
        e.StepEntered("S1", 1),
        e.AttemptStarted("S1", Role.WORK, 1, SafetyClass.SAFE, "bash", "shipctl status", ""),
        e.BranchTaken("S1", 1, "Nobody is deploying", GoTo("D1"), e.BranchReason.MATCHED),
    )

    effort = by_hand(BOOK, events, {"S1": 7})

    assert 2 == effort.decisions
    assert (3, 3) == (effort.pointings, effort.homings)
    assert 5 + len("03:12 S1 Nobody is deploying\n") == effort.keys
    assert 40 < effort.words < 60


def test_the_model_adds_up() -> None:
    """Each part by its own time."""
    bound = Bound(key=1, pointing=10, decision=100, words_a_minute=60, homing=1000)

    assert 1 + 10 + 100 + 1 + 1000 == bound.seconds(Effort(1, 1, 1, 1, 1))


def test_a_claim_needs_all_three_operators_and_more_than_the_models_error() -> None:
    """A tenth less is within the error; machine time that is in both makes it smaller still."""
    much, little = Effort(words=100), Effort(words=50)

    assert is_claim([Compared(little, much, 0)])
    assert not is_claim([Compared(Effort(words=90), much, 0)])
    assert not is_claim([Compared(little, much, 10_000)])
    assert not is_claim([])
    assert 3 == len(BOUNDS)
