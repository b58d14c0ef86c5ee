"""What a whole run must look like whatever its runbook says: it opens once, no outcome without intent, one start per yes.

The engine sees to it while a run is written. Here it is read again from the lines alone, so that a journal which
somebody else wrote or changed is held to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import sha256

from runbook_keys.journal.damages import damage
from runbook_keys.model.entry import Damage
from runbook_keys.model.event import (
    AFTER_END,
    AnyEvent,
    ApprovalDropped,
    ApprovalGranted,
    AttemptFinished,
    AttemptStarted,
    OutcomeSettled,
    RunEnded,
    RunOpened,
)
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import SafetyClass

_SAFE = SafetyClass.SAFE

_Attempt = tuple[str, str, int]
"""Step, role, attempt. The role as plain text: an enum's hash is computed in Python, and this is asked for each entry."""


def check_conduct(run: str, events: Iterable[tuple[int, AnyEvent]]) -> list[Damage]:
    """What in a run's events, numbered and in order, could not have been written by KEYS."""
    objections = _Reader().objections
    found: list[Damage] = []
    for seq, event in events:
        if codes := objections(event, is_first=seq == 1):
            found += [damage(code, run, seq, **_facts(event)) for code in codes]
    return found


class _Reader:
    """Remembers what was started, finished, approved and used up so far."""

    def __init__(self) -> None:
        self._has_ended = False
        self._started: set[_Attempt] = set()
        self._finished: set[_Attempt] = set()
        self._approved: dict[_Attempt, set[str]] = {}
        self._objections: dict[type[AnyEvent], Callable[..., list[str]]] = {
            ApprovalGranted: self._of_approval,
            ApprovalDropped: self._of_dropped,
            AttemptStarted: self._of_start,
            AttemptFinished: self._of_finish,
            OutcomeSettled: self._of_settlement,
            RunEnded: self._of_end,
        }

    def objections(self, event: AnyEvent, is_first: bool) -> list[str]:
        """What is wrong with this event after all those before it, by code."""
        kind = type(event)
        found = []
        if is_first is not (kind is RunOpened):
            found.append("run-not-opened" if is_first else "run-opened-again")
        if self._has_ended and not isinstance(event, AFTER_END):
            found.append("event-after-end")
        if objections := self._objections.get(kind):
            found += objections(event)
        return found

    def _of_approval(self, event: ApprovalGranted) -> list[str]:
        self._approved.setdefault(_attempt(event), set()).add(event.binding)
        return []

    def _of_dropped(self, _event: ApprovalDropped) -> list[str]:
        self._approved.clear()
        return []

    def _of_start(self, event: AttemptStarted) -> list[str]:
        found = []
        attempt = _attempt(event)
        if attempt in self._started:
            found.append("attempt-started-again")
        if event.safety is not _SAFE and not self._use_approval(attempt, event.binding):
            found.append("start-not-approved")
        if _digest(event.command) != event.command_digest:
            found.append("command-changed")
        self._started.add(attempt)
        return found

    def _use_approval(self, attempt: _Attempt, binding: str) -> bool:
        """True once for each approval: it is used up by the start that it allows."""
        bindings = self._approved.get(attempt, set())
        is_approved = bool(binding) and binding in bindings
        bindings.discard(binding)
        return is_approved

    def _of_finish(self, event: AttemptFinished) -> list[str]:
        attempt = _attempt(event)
        if attempt not in self._started:
            return ["outcome-not-started"]
        if attempt in self._finished:
            return ["outcome-again"]
        self._finished.add(attempt)
        return []

    def _of_settlement(self, event: OutcomeSettled) -> list[str]:
        if any((event.step, role.value, event.attempt) in self._started for role in Role):
            return []
        return ["settled-not-started"]

    def _of_end(self, _event: RunEnded) -> list[str]:
        self._has_ended = True
        return []


@lru_cache(maxsize=256)
def _digest(command: str) -> str:
    return sha256(command.encode("utf-8")).hexdigest()


def _attempt(event: ApprovalGranted | AttemptStarted | AttemptFinished) -> _Attempt:
    return event.step, event.role._value_, event.attempt


def _facts(event: AnyEvent) -> dict[str, int | str]:
    """What tells this event from others: its name, and of an attempt the step, the number and what it was for."""
    names = [name for name in ("step", "attempt", "role") if name in event.__struct_fields__]
    return {"event": type(event).__name__, **{name: _plain(getattr(event, name)) for name in names}}


def _plain(fact: int | str) -> int | str:
    return fact if isinstance(fact, int) else f"{fact}"
