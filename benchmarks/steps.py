"""Looking steps through the real driver, executor and store."""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from runbook_keys.driver.attempt import Attempts
from runbook_keys.driver.session import Session, Values
from runbook_keys.driver.views import view_of
from runbook_keys.engine import effects as f
from runbook_keys.engine import inputs as i
from runbook_keys.model import reply as r
from runbook_keys.model.actor import Actor, ActorKind
from runbook_keys.model.runbook import Block, Branch, GoTo, Runbook, SafetyClass, Step, StepKind
from runbook_keys.model.view import View
from runbook_keys.operations.services import Services

Look = Callable[[], Awaitable[None]]


class Nobody:
    """An operator who is never asked."""

    actor = Actor(ActorKind.OPERATOR, "benchmark")

    async def reply(self, view: View) -> r.Reply:
        """Leaves."""
        return r.Leave()

    async def wait(self, view: View, until: datetime) -> r.Reply:
        """Stays."""
        return r.Wait()

    def progress(self, view: View, text: str) -> None:
        """Looks away."""


async def drive_looks(services: Services, command: str, steps: int) -> float:
    """Milliseconds for `steps` looks of a run that goes round in a circle."""
    async with _round(services, command) as (_, look):
        began = time.perf_counter()
        for _ in range(steps):
            await look()
        return (time.perf_counter() - began) * 1000


async def drive_long(services: Services, entries: int, sample: int) -> tuple[float, float]:
    """Median milliseconds of the first `sample` looks of a run, and of those after it has so many `entries`.

    What lies between are notes: a run that passes through too many steps escalates.
    """
    async with _round(services, "true") as (session, look):
        first = [await _timed(look) for _ in range(sample)]
        while session.head.seq < entries:
            note = session.seal(b"looked again")
            await session.tell(i.Note(note.digest), Nobody.actor, (note,))
        last = [await _timed(look) for _ in range(sample)]
    return statistics.median(first), statistics.median(last)


async def _timed(look: Look) -> float:
    began = time.perf_counter()
    await look()
    return (time.perf_counter() - began) * 1000


@asynccontextmanager
async def _round(services: Services, command: str) -> AsyncIterator[tuple[Session, Look]]:
    """A run that goes round in a circle, and what looks once more."""
    never = Branch("Never", GoTo("D1"), 1, "exit_code == 99")
    back = Branch("Anything else", GoTo("D1"), 1)
    look = Step(
        "D1", StepKind.DIAGNOSIS, "Look", 1, SafetyClass.SAFE, "", Block("bash", command, 1), (never, back)
    )
    session = Session(
        services.ids.run(services.clock.now()),
        Runbook("Benchmark", steps=(look,)),
        Values({}, frozenset(), {}),
        services.store,
        services.clock,
        services.ids,
    )
    await session.tell(i.Open("benchmark", "1.0.0", "", "", "", {}, session.run), Nobody.actor)
    claim = services.store.claim(session.run)
    attempts = Attempts(session, services.executors(Nobody()), Nobody(), claim)

    async def look_again() -> None:
        effect = f.next_effect(session.runbook, session.state)
        assert isinstance(effect, f.Execute)
        await attempts.make(effect, await view_of(session, effect), "")

    yield session, look_again
    claim.release()
