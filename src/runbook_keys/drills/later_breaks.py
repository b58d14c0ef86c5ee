"""The world breaks once more while somebody follows the runbook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from runbook_keys.drills.plan import LaterBreak, place_of
from runbook_keys.model.actor import Actor
from runbook_keys.model.reply import Reply
from runbook_keys.model.view import View
from runbook_keys.ports import Operator


class BreakingOperator:
    """Passes every screen on to `operator`, and breaks the world before those that the drill names.

    `slug` is the runbook that the drill belongs to; `break_further` causes a fault by its name. `pending` are the breaks whose screen has not been shown yet.
    """

    def __init__(
        self,
        slug: str,
        operator: Operator,
        then: Sequence[LaterBreak],
        break_further: Callable[[str], Awaitable[None]],
    ) -> None:
        self._slug = slug
        self._operator = operator
        self._break_further = break_further
        self._screens: Counter[str] = Counter()
        self.pending = list(then)

    @property
    def actor(self) -> Actor:
        """Whoever really answers."""
        return self._operator.actor

    async def reply(self, view: View) -> Reply:
        """The operator's answer, after what breaks now."""
        await self._shown(view)
        return await self._operator.reply(view)

    async def wait(self, view: View, until: datetime) -> Reply:
        """The operator's answer to a wait, after what breaks now."""
        await self._shown(view)
        return await self._operator.wait(view, until)

    def progress(self, view: View, text: str) -> None:
        """Output, as it comes."""
        self._operator.progress(view, text)

    async def _shown(self, view: View) -> None:
        place = place_of(view.slug, self._slug, view.step.label if view.step else "")
        self._screens[place] += 1
        due = [each for each in self.pending if (each.at, each.screen) == (place, self._screens[place])]
        for each in due:
            self.pending.remove(each)
            await self._break_further(each.fault)
