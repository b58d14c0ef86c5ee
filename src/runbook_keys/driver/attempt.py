"""One attempt: the intent durable, the effect, the outcome durable. Nothing is spawned outside this file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from runbook_keys.book.conditions import facts
from runbook_keys.driver.binding import command_digest
from runbook_keys.driver.blocks import names_in
from runbook_keys.driver.keeping import keep
from runbook_keys.driver.key_record import record_of
from runbook_keys.driver.session import Session, captured_text
from runbook_keys.driver.verdicts import verdicts_for
from runbook_keys.driver.views import breach_of
from runbook_keys.engine import effects as f
from runbook_keys.engine import inputs as i
from runbook_keys.engine.course import safety_of
from runbook_keys.errors import ExecutorUnavailable, Interrupted, Refused
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.entry import Blob
from runbook_keys.model.key import KeyMode
from runbook_keys.model.outcome import Outcome, OutcomeKind, Role, Verdict
from runbook_keys.model.reply import AddNote, AttachFile, DeclareBreach, Reply
from runbook_keys.model.runbook import Block, SafetyClass
from runbook_keys.model.view import View
from runbook_keys.ports import Claim, Executor, Interposed, Operator, Task


class Attempts:
    """Makes attempts for one run with one operator, as long as the claim on the run is held."""

    def __init__(
        self, session: Session, executors: Mapping[str, Executor], operator: Operator, claim: Claim
    ) -> None:
        self._session = session
        self._executors = executors
        self._operator = operator
        self._claim = claim

    async def make(self, effect: f.Execute, view: View, binding: str) -> Reply | None:
        """Start, run and record one attempt. Returns what the operator said instead of answering, if so.

        Raises RunTaken or JournalUnavailable before anything was spawned, Interrupted after the outcome was recorded.
        """
        values = await self.values_for(effect.block)
        await self._session.tell(_start(effect, values, binding), DRIVER)
        try:
            outcome = await self._run_on(await self._task(effect, view, values))
        except Interposed as interposed:
            await self._record(effect, Outcome(OutcomeKind.CANCELLED, why="The operator did something else."))
            return interposed.reply
        except asyncio.CancelledError:
            await self._record(effect, Outcome(OutcomeKind.CANCELLED, why="It was interrupted."))
            raise Interrupted("You left while a command was running. The command was ended.") from None
        await self._record(effect, outcome)
        return None

    async def values_for(self, block: Block) -> dict[str, str]:
        """The values that the block's text names, out of inputs and captures."""
        known = {**self._session.values.by_name, **await self._session.captures()}
        return {name: known[name] for name in names_in(block, known)}

    async def _task(self, effect: f.Execute, view: View, values: Mapping[str, str]) -> Task:
        step = self._session.runbook.step(effect.label)
        slug, is_undo = effect.block.key, effect.block.mode == KeyMode.UNDO
        return Task(
            run=self._session.run,
            step=effect.label,
            role=effect.role,
            attempt=view.attempt,
            block=effect.block,
            values=values,
            secrets=self._session.values.secrets,
            is_looking=step is None or safety_of(step, effect.role) is SafetyClass.SAFE,
            view=view,
            attempt_fd=self._claim.attempt_fd,
            key=await self._session.pinned_key(slug) if slug else None,
            result_before=await self._session.latest_result(effect.label) if is_undo else None,
        )

    async def _run_on(self, task: Task) -> Outcome:
        """Run it. A person at work may add notes and files; their work goes on. Raises Interposed otherwise."""
        while True:
            try:
                return await self._run(task)
            except Interposed as interposed:
                if not isinstance(interposed.reply, AddNote | AttachFile | DeclareBreach):
                    raise
                task = replace(task, view=await self._kept(task.view, interposed.reply))

    async def _kept(self, view: View, reply: AddNote | AttachFile | DeclareBreach) -> View:
        """The screen after it was kept; it says why where it was refused, and the work goes on in any case."""
        session = self._session
        try:
            await keep(session, self._operator.actor, reply)
        except Refused as refused:
            return replace(view, message=str(refused))
        return replace(view, message="", breach=breach_of(session.state, session.now()))

    async def _run(self, task: Task) -> Outcome:
        executor = self._executors.get(task.block.language)
        if executor is None:
            return Outcome(OutcomeKind.FAILED, why=f"Nothing here can run `{task.block.language}` blocks.")
        try:
            return await executor.execute(task, lambda text: self._operator.progress(task.view, text))
        except ExecutorUnavailable as unavailable:
            return Outcome(OutcomeKind.FAILED, why=str(unavailable))

    async def _record(self, effect: f.Execute, outcome: Outcome) -> None:
        is_human = effect.block.language == f.HUMAN
        is_kept = effect.block.is_output_kept
        blobs = () if is_human or not is_kept else (self._sealed(outcome),)
        key, key_blobs = record_of(outcome, self._session.seal, is_kept=is_kept)
        finish = i.Finish(
            outcome=outcome.kind,
            exit_code=outcome.observation.exit_code,
            why=outcome.why,
            duration_ms=outcome.duration_ms,
            enforcement=outcome.enforcement,
            output_blob=blobs[0].digest if blobs else "",
            is_truncated=outcome.observation.is_truncated,
            verdicts=await self._verdicts(effect, outcome),
            answer=outcome.observation.answer,
            key=key,
        )
        actor = self._operator.actor if is_human else DRIVER
        await self._session.tell(finish, actor, (*blobs, *key_blobs))

    def _sealed(self, outcome: Outcome) -> Blob:
        return self._session.seal(msgspec.json.encode(outcome.observation))

    async def _verdicts(self, effect: f.Execute, outcome: Outcome) -> tuple[Verdict, ...]:
        step = self._session.runbook.step(effect.label)
        if step is None or effect.role is not Role.WORK or outcome.observation.answer is not None:
            return ()
        captures = await self._session.captures()
        if effect.block.capture:
            captures[effect.block.capture] = captured_text(outcome.observation)
        return verdicts_for(step.branches, facts(outcome, captures, self._session.values.by_name))


def _start(effect: f.Execute, values: Mapping[str, str], binding: str) -> i.Start:
    return i.Start(
        role=effect.role,
        language=effect.block.language,
        command=effect.block.command,
        command_digest=command_digest(effect.block.command),
        value_names=tuple(values),
        binding=binding,
    )
