"""The scripted operator of a drill: reads the same screens as a person and answers as the drill says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from runbook_keys.drills.plan import DrillPlan, place_of
from runbook_keys.model import reply as r
from runbook_keys.model.actor import Actor, ActorKind
from runbook_keys.model.outcome import Settlement
from runbook_keys.model.view import Asking, View

WHY = "drill: the screen says so"


class ScriptedOperator:
    """Runs looks, approves what the tree leads to, answers questions by the plan; says "can't tell" where it is silent.

    `slug` is the runbook that the drill belongs to. `tell` gets a line for each thing it does, so that somebody can
    follow along.
    """

    def __init__(self, slug: str, plan: DrillPlan, tell: Callable[[View, str], None]) -> None:
        self._slug = slug
        self._plan = plan
        self._tell = tell
        self.actor = Actor(ActorKind.DRILL, "scripted operator")
        self.questions = 0
        self._asked: Counter[str] = Counter()

    async def reply(self, view: View) -> r.Reply:
        """The answer to a screen."""
        reply = self._answer(view)
        self._tell(view, type(reply).__name__)
        return reply

    async def wait(self, view: View, until: datetime) -> r.Reply:  # noqa: ARG002
        """Stays until the check is due."""
        self._tell(view, "Wait")
        return r.Wait()

    def progress(self, view: View, text: str) -> None:
        """Output is in the journal."""

    def _answer(self, view: View) -> r.Reply:
        label = view.step.label if view.step else ""
        if view.asking in (Asking.QUESTION, Asking.CHOICE):
            return self._choice(view, place_of(view.slug, self._slug, label))
        if view.asking is Asking.EVIDENCE:
            return r.Answer(self._plan.evidence.get(view.question, ""))
        answers: dict[Asking, r.Reply] = {
            Asking.LOOK: r.Proceed(),
            Asking.APPROVAL: r.Approve(label, WHY),
            Asking.ROLLBACK: r.Approve(label, WHY),
            Asking.UNKNOWN: r.Settle(Settlement.UNCLEAR),
            Asking.ESCALATION: r.Escalate(WHY),
        }
        return answers.get(view.asking, r.Leave())

    def _choice(self, view: View, place: str) -> r.Reply:
        self.questions += 1
        wanted = self._wanted(place)
        words = [way.words for way in view.ways_out]
        return r.Choose(words.index(wanted) if wanted in words else len(words) - 1, WHY)

    def _wanted(self, place: str) -> str | None:
        """What the plan answers this time; its last answer holds for every later time."""
        answers = self._plan.answers.get(place)
        self._asked[place] += 1
        if answers is None or isinstance(answers, str):
            return answers
        return answers[min(self._asked[place], len(answers)) - 1]
