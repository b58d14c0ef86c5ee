"""Leads one run in a process of its own, as a drill would: the process whose plug is pulled, and the one that resumes.

Reads its order as one JSON line. Prints `break FAULT` where the world is to break further and waits for a line in
return; at the end `done`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from runbook_keys.bootstrap import WAITS_PASS, services
from runbook_keys.config import Config
from runbook_keys.drills.later_breaks import BreakingOperator
from runbook_keys.drills.operator import ScriptedOperator
from runbook_keys.drills.plan import DrillPlan, LaterBreak, plans_of
from runbook_keys.model import reply as r
from runbook_keys.model.actor import Actor
from runbook_keys.model.event import RunKind
from runbook_keys.model.outcome import Settlement
from runbook_keys.model.runbook import StepKind
from runbook_keys.model.view import Asking, View
from runbook_keys.operations.runs.run import RunRequest, resume, start
from runbook_keys.operations.services import Services
from runbook_keys.system.practice_clock import PracticeClock


class Order(Struct, frozen=True):
    """What to lead. `run` is empty where it begins. `answered`: how often each place was answered; `pending`: what still breaks.

    `way` are the words of the way out of an action that is found to have happened; without them it is the first one.
    """

    slug: str
    drill: str
    home: str
    environment: dict[str, str]
    inputs: dict[str, str]
    run: str = ""
    way: str = ""
    answered: dict[str, int] = {}
    pending: tuple[LaterBreak, ...] = ()


class HonestOperator:
    """The drill's scripted operator, who after a plug was pulled says what the screen shows.

    Of a change that the probe saw they say that it happened, of one that it did not see that it did not, else that they
    can't tell. What has happened went the way that is meant for it. They leave where the drill goes no further.
    """

    def __init__(self, slug: str, plan: DrillPlan, answered: Mapping[str, int], way: str) -> None:
        self._way = way
        self._places = {slug, *plan.hands_over_to}
        self._scripted = ScriptedOperator(slug, _from_here(plan, answered), lambda _view, _did: None)

    @property
    def actor(self) -> Actor:
        """The scripted operator."""
        return self._scripted.actor

    async def reply(self, view: View) -> r.Reply:
        """The answer to a screen."""
        if view.slug not in self._places:
            return r.Leave()
        if view.asking is Asking.UNKNOWN:
            return _seen(view)
        is_action = view.step is not None and view.step.kind is StepKind.ACTION
        if view.asking is Asking.CHOICE and is_action:
            return self._onward(view)
        return await self._scripted.reply(view)

    def _onward(self, view: View) -> r.Reply:
        words = [way.words for way in view.ways_out]
        return r.Choose(words.index(self._way) if self._way else 0, "the look says that it happened")

    async def wait(self, view: View, until: datetime) -> r.Reply:
        """Stays until the check is due."""
        return await self._scripted.wait(view, until)

    def progress(self, view: View, text: str) -> None:
        """Output is in the journal."""


def _from_here(plan: DrillPlan, answered: Mapping[str, int]) -> DrillPlan:
    """The plan without the answers that were given before the plug was pulled; the last one holds for ever."""
    left = {
        place: given if isinstance(given, str) else given[min(answered.get(place, 0), len(given) - 1) :]
        for place, given in plan.answers.items()
    }
    return msgspec.structs.replace(plan, answers=left)


def _seen(view: View) -> r.Reply:
    """What an honest person says who has only the look on the screen."""
    code = view.last.observation.exit_code if view.last else None
    is_probe = view.step is not None and view.step.probe is not None
    if not is_probe or code not in (0, 1):
        return r.Settle(Settlement.UNCLEAR)
    happened = Settlement.APPLIED if code == 0 else Settlement.NOT_APPLIED
    return r.Settle(happened, "the look on the screen says so")


class Waiting:
    """Waits for a command that was left running."""

    async def may_end(self, label: str, story: str) -> str:
        """No."""
        return ""

    def is_waiting(self, story: str) -> bool:
        """Yes."""
        return True


async def lead(order: Order) -> None:
    """Start or resume, and go on to the end."""
    clock, config = PracticeClock(WAITS_PASS), Config(inputs=order.inputs)
    async with services(order.environment, clock, home=Path(order.home), config=config) as opened:
        plan = _plan(opened, order)
        honest = HonestOperator(order.slug, plan, order.answered, order.way)
        operator = BreakingOperator(order.slug, honest, order.pending, _break_further)
        if order.run:
            await resume(opened, operator, order.run, patience=Waiting())
        else:
            follows = bool(plan.hands_over_to)
            request = RunRequest(order.slug, kind=RunKind.DRILL, follows_hand_offs=follows)
            await start(opened, operator, request)


def _plan(opened: Services, order: Order) -> DrillPlan:
    plans = plans_of(opened.library.load(order.slug).files)
    return next(plan for plan in plans if plan.name == order.drill)


async def _break_further(fault: str) -> None:
    print(f"break {fault}", flush=True)
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(lead(msgspec.json.decode(sys.stdin.readline(), type=Order)))
    print("done", flush=True)
