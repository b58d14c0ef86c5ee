"""The loop: ask the engine what comes next, ask a person where a person decides, go on until the run ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec.structs import replace

from runbook_keys.driver.attempt import Attempts
from runbook_keys.driver.binding import Bound, binding, command_digest
from runbook_keys.driver.keeping import Kept, keep
from runbook_keys.driver.session import CLOCK_WAS_SET, Session
from runbook_keys.driver.views import view_of
from runbook_keys.engine import effects as f
from runbook_keys.engine import inputs as i
from runbook_keys.engine.transitions import Phase
from runbook_keys.errors import Interrupted, Refused
from runbook_keys.journal.receipt import receipt_of
from runbook_keys.model import reply as r
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import Block, Ending, SafetyClass
from runbook_keys.model.view import View
from runbook_keys.ports import Clock, Operator


class Driver:
    """Drives one run until it ends or the operator leaves.

    `is_auto_safe` lets looking steps run without asking; changes are asked for in any case. `message` is said on the
    first screen.
    """

    def __init__(
        self,
        session: Session,
        attempts: Attempts,
        operator: Operator,
        clock: Clock,
        is_auto_safe: bool = False,
        message: str = "",
    ) -> None:
        self._session = session
        self._attempts = attempts
        self._operator = operator
        self._clock = clock
        self._is_auto_safe = is_auto_safe
        self._message = message
        self._shown_head = ""

    async def drive(self) -> Ending | None:
        """Go on until the run ends (its ending) or the operator leaves (None).

        Raises RunTaken or JournalUnavailable (nothing was started after it) and Interrupted.
        """
        while True:
            await self._tick()
            effect = f.next_effect(self._session.runbook, self._session.state)
            if isinstance(effect, f.Done):
                return effect.ending
            try:
                is_staying = await _HANDLERS[type(effect)](self, effect)
            except Refused as refused:
                self._message, is_staying = str(refused), True
                await self._drop_approval(str(refused))
            if not is_staying:
                return None

    async def _tick(self) -> None:
        was_approved = self._session.state.phase is Phase.APPROVED
        await self._session.tell(i.Tick(), DRIVER)
        if was_approved and self._session.state.phase is not Phase.APPROVED:
            self._message = CLOCK_WAS_SET

    async def _drop_approval(self, why: str) -> None:
        """An approval on which nothing can be started is asked for anew; to try again would be refused again, for ever."""
        if self._session.state.phase is Phase.APPROVED:
            await self._session.tell(i.DropApproval(why), DRIVER)

    async def _view(self, effect: f.Effect) -> View:
        return await view_of(self._session, effect, self._message)

    def _told(self, view: View) -> View:
        """The screen that is shown now, with what went wrong meanwhile; what it has to say besides is said once."""
        self._message = ""
        return replace(view, message=" ".join(filter(None, (view.message, self._session.notice()))))

    async def _reply(self, view: View) -> r.Reply:
        return await self._operator.reply(self._told(view))

    async def _execute(self, effect: f.Execute) -> bool:
        view = await self._view(effect)
        if effect.is_asked_first and not self._is_auto_safe:
            reply = await self._reply(view)
            if not isinstance(reply, r.Proceed):
                return await self._interpose(reply)
        if effect.block.language == f.HUMAN:
            view = self._told(view)  # the executor shows the screen
        bound = ""
        if self._session.state.phase is Phase.APPROVED:
            bound = await self._binding(effect.label, effect.role, effect.block)
        said_instead = await self._attempts.make(effect, view, bound)
        return said_instead is None or await self._interpose(said_instead)

    async def _ask_approval(self, effect: f.AskApproval) -> bool:
        self._shown_head = self._session.head.link
        view = await self._view(effect)
        bound = await self._binding(effect.label, effect.role, effect.block)
        reply = await self._reply(view)
        if not isinstance(reply, r.Approve):
            return await self._interpose(reply)
        await self._tell(i.Approve(bound, reply.typed_label, reply.reason, self._operator.actor.name))
        if view.safety is SafetyClass.IRREVERSIBLE:
            self._operator.progress(view, f"Keep this receipt: {receipt_of(self._session.head)}\n")
        return True

    async def _binding(self, label: str, role: Role, block: Block) -> str:
        """The digest over what is shown or about to start, and over the journal's head that the approver saw."""
        session = self._session
        values = await self._attempts.values_for(block)
        known = session.values.digests
        bound = Bound(
            run=session.run,
            step=label,
            role=role,
            attempt=session.state.attempt_number(label, role),
            command=block.command,
            value_digests={name: known.get(name, command_digest(text)) for name, text in values.items()},
            pack_digest=session.state.opened.pack_digest if session.state.opened else "",
            head=self._shown_head,
        )
        return binding(bound)

    async def _ask(self, effect: f.Effect) -> bool:
        return await self._interpose(await self._reply(await self._view(effect)))

    async def _watch(self, effect: f.Watch) -> bool:
        view = self._told(await self._view(effect))
        reply = await self._operator.wait(view, effect.until)
        if not isinstance(reply, r.Wait):
            return await self._interpose(reply)
        try:
            await self._clock.sleep_until(effect.until)
        except asyncio.CancelledError:
            raise Interrupted("You left while the run was watching.") from None
        return True

    async def _skip_evidence(self, _effect: f.SkipEvidence) -> bool:
        await self._session.tell(i.Record(), DRIVER)
        return True

    async def _interpose(self, reply: r.Reply) -> bool:
        """Pass on an answer that is not the plain yes; False when the operator leaves."""
        if isinstance(reply, r.Leave):
            return False
        if isinstance(reply, Kept):
            await keep(self._session, self._operator.actor, reply)
            return True
        to_input = _INPUTS.get(type(reply))
        if to_input is None:
            raise Refused("That is not an answer to what is on the screen.")
        await self._tell(to_input(reply))
        return True

    async def _tell(self, given: i.Input) -> None:
        await self._session.tell(given, self._operator.actor)


_INPUTS: dict[type[Any], Callable[[Any], i.Input]] = {
    r.Choose: lambda said: i.Choose(said.branch, said.reason),
    r.Skip: lambda said: i.Skip(said.reason),
    r.GoTo: lambda said: i.Overrule(said.label, said.reason),
    r.Settle: lambda said: i.Settle(said.settlement, said.reason),
    r.Escalate: lambda said: i.Escalate(said.reason),
    r.GoOn: lambda said: i.GoOn(said.reason),
    r.Abandon: lambda said: i.Abandon(said.reason),
}

_HANDLERS: dict[type[Any], Callable[[Driver, Any], Awaitable[bool]]] = {
    f.Execute: Driver._execute,
    f.AskApproval: Driver._ask_approval,
    f.AskChoice: Driver._ask,
    f.AskSettlement: Driver._ask,
    f.AskEscalation: Driver._ask,
    f.AskEvidence: Driver._ask,
    f.Watch: Driver._watch,
    f.SkipEvidence: Driver._skip_evidence,
}
