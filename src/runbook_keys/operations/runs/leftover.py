"""A driver is gone and its command still runs: say so, wait for its end, or have it ended. Never act beside it."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from runbook_keys.driver.session import Session
from runbook_keys.engine.inputs import CutLeftover
from runbook_keys.errors import RunTaken
from runbook_keys.model.actor import Actor
from runbook_keys.model.event import AttemptStarted
from runbook_keys.ports import Claim, Leftover

GRACE_SECONDS = 2.0
"""How long a command has between SIGTERM and SIGKILL; the same as at a timeout."""

_KILL_SECONDS = 5.0
_LOOK_SECONDS = 0.1
_TELL_SECONDS = 10.0


class Patience(Protocol):
    """What a surface does about a command that still runs."""

    async def may_end(self, label: str, story: str) -> str:
        """Why the command of step `label` is to be ended; empty where it is not."""

    def is_waiting(self, story: str) -> bool:
        """True to wait for its end. Asked again now and then, to show that it still runs."""


class Refusing:
    """Neither waits nor ends anything."""

    async def may_end(self, label: str, story: str) -> str:  # noqa: ARG002
        """No."""
        return ""

    def is_waiting(self, story: str) -> bool:  # noqa: ARG002
        """No."""
        return False


REFUSING = Refusing()


async def meet(session: Session, claim: Claim, actor: Actor, patience: Patience) -> None:
    """Return once no command of an earlier driver runs any more.

    Raises RunTaken, which says what runs and what can be done, where `patience` neither waits nor has it ended.
    """
    if session.state.running is None or (leftover := claim.leftover()) is None:
        return
    label = session.state.running.step
    story = told(session, leftover)
    if reason := await patience.may_end(label, story):
        await session.tell(CutLeftover(leftover.processes, reason), actor)
        await _end(claim)
    elif patience.is_waiting(story):
        await _wait(session, claim, patience)
    else:
        raise RunTaken(_ways_out(session, story))
    if (still := claim.leftover()) is not None:
        raise RunTaken(_ways_out(session, told(session, still)))


def told(session: Session, leftover: Leftover) -> str:
    """`The command of A1 still runs from before, since 2026-11-23 03:12:45 UTC: bash (pid 123).`"""
    label, at = next(
        (entry.event.step, entry.at)
        for entry in reversed(session.entries)
        if isinstance(entry.event, AttemptStarted)
    )
    who = ", ".join(leftover.processes) or "its processes belong to another account"
    return f"The command of {label} still runs from before, since {at:%Y-%m-%d %H:%M:%S} UTC: {who}."


def _ways_out(session: Session, story: str) -> str:
    return (
        f"{story} Nothing was done here. `keys resume {session.run} --wait` waits until it has ended. "
        f"`keys resume {session.run} --end-leftover` asks, then ends it."
    )


async def _wait(session: Session, claim: Claim, patience: Patience) -> None:
    told_at = time.monotonic()
    while (leftover := claim.leftover()) is not None:
        if time.monotonic() - told_at >= _TELL_SECONDS:
            told_at = time.monotonic()
            patience.is_waiting(told(session, leftover))
        await asyncio.sleep(_LOOK_SECONDS)


async def _end(claim: Claim) -> None:
    for is_forced, seconds in ((False, GRACE_SECONDS), (True, _KILL_SECONDS)):
        claim.end_leftover(is_forced)
        until = time.monotonic() + seconds
        while claim.leftover() is not None and time.monotonic() < until:  # noqa: ASYNC110 - another's process
            await asyncio.sleep(_LOOK_SECONDS)
