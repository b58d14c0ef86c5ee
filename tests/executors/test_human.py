"""A step that a person does: only an answer on the screen is an answer."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from runbook_keys.executors.human import HumanExecutor
from runbook_keys.model.actor import Actor, ActorKind
from runbook_keys.model.outcome import Observation, Outcome, OutcomeKind, Role
from runbook_keys.model.reply import (
    AddNote,
    Approve,
    Choose,
    Escalate,
    GoTo,
    Leave,
    Proceed,
    Reply,
    Skip,
    Wait,
)
from runbook_keys.model.view import View
from runbook_keys.ports import Interposed
from runbook_keys.testing.task import a_task


class Prepared:
    """An operator whose answers are known beforehand; then, as at the end of input, leaves."""

    actor = Actor(ActorKind.OPERATOR, "ada")

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies)
        self.views: list[View] = []

    async def reply(self, view: View) -> Reply:
        """The next one."""
        self.views.append(view)
        return self._replies.pop(0) if self._replies else Leave()

    def progress(self, view: View, text: str) -> None:
        """Never called."""
        raise AssertionError("a person's step has no output")

    async def wait(self, view: View, until: datetime) -> Reply:
        """Never called."""
        return Wait()


def ask(operator: Prepared, role: Role = Role.WORK) -> Outcome:
    """One attempt with two answers on the screen."""
    task = a_task("Open the dashboard.", language="human", role=role, answers=("Disabled", "I can't tell"))
    return asyncio.run(HumanExecutor(operator).execute(task, lambda _: None))


@pytest.mark.parametrize("branch", [0, 1])
def test_the_chosen_way_is_the_answer(branch: int) -> None:
    """The number of the way out is what conditions and journal get."""
    operator = Prepared(Choose(branch))
    outcome = ask(operator)
    assert (outcome.kind, outcome.observation) == (OutcomeKind.SUCCEEDED, Observation(answer=branch))
    assert operator.views[0].ways_out[branch].words == ("Disabled", "I can't tell")[branch]


def test_an_answer_that_is_not_on_the_screen_is_asked_for_again() -> None:
    """A slip of the finger takes no way out."""
    operator = Prepared(Choose(2), Choose(-1), Choose(1))
    assert ask(operator).observation.answer == 1
    assert len(operator.views) == 3


@pytest.mark.parametrize("role", [Role.WORK, Role.ROLLBACK, Role.ROLLBACK_CHECK, Role.PROBE])
@pytest.mark.parametrize(
    "reply",
    [Leave(), Escalate(), Skip("late"), GoTo("D2", "known"), AddNote("hm"), Proceed(), Wait()],
    ids=str,
)
def test_any_other_reply_is_for_the_driver(role: Role, reply: Reply) -> None:
    """Silence and everything else is no answer to the step."""
    with pytest.raises(Interposed) as interposed:
        ask(Prepared(reply), role)
    assert interposed.value.reply == reply


@pytest.mark.parametrize(
    ("role", "reply", "code"),
    [
        (Role.ROLLBACK, Approve(), 0),
        (Role.ROLLBACK, Choose(0), 0),
        (Role.ROLLBACK, Choose(1), 1),
        (Role.ROLLBACK_CHECK, Choose(0), 0),
        (Role.ROLLBACK_CHECK, Choose(1), 1),
        (Role.ROLLBACK_CHECK, Choose(2), 2),
        (Role.PROBE, Choose(0), 0),
        (Role.PROBE, Choose(1), 1),
        (Role.PROBE, Choose(2), 2),
    ],
)
def test_an_undo_or_check_by_hand_answers_like_a_command(role: Role, reply: Reply, code: int) -> None:
    """0 is good, 1 is not, 2 is that nobody can tell; and why is in words."""
    outcome = ask(Prepared(reply), role)
    assert (outcome.observation.exit_code, outcome.observation.answer) == (code, None)
    assert outcome.kind is (OutcomeKind.SUCCEEDED if code == 0 else OutcomeKind.FAILED)
    assert bool(outcome.why) is (code > 0)


@pytest.mark.parametrize("role", [Role.WORK, Role.ROLLBACK_CHECK, Role.PROBE])
def test_a_question_is_never_answered_by_an_approval(role: Role) -> None:
    """Enter pressed once too often must not say yes to a check."""
    with pytest.raises(Interposed):
        ask(Prepared(Approve()), role)
