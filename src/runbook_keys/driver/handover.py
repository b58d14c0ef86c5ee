"""A hand-over in ten lines: where we are, what was tried, what is undoable, what comes next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from runbook_keys.engine.state import State
from runbook_keys.engine.transitions import Phase
from runbook_keys.model import event as e
from runbook_keys.model.entry import Entry
from runbook_keys.model.runbook import Ending, Runbook

ENDING_WORDS = {
    Ending.RESOLVED: "Resolved, and verified.",
    Ending.ESCALATED: "Escalated.",
    Ending.STOPPED: "Stopped: this is not the incident that the runbook is for. Nothing was changed.",
    Ending.HANDED_OFF: "Handed off to another runbook.",
    Ending.UNVERIFIED: "Ended UNVERIFIED: something was changed and nobody has verified that it is over.",
    Ending.ABANDONED: "Ended by the operator before a verified recovery.",
}

_MOST_TRIED = 3


def handover(
    runbook: Runbook, state: State, entries: Sequence[Entry], contacts: Sequence[str] = ()
) -> tuple[str, ...]:
    """At most ten lines for whoever takes over; `contacts` are the people of section 8 and how they are reached."""
    minutes = _minutes(state)
    opened = state.opened
    name = f"{runbook.title} (run {entries[0].run}, {minutes} min)" if entries and opened else runbook.title
    return (
        name,
        *_came_from(state),
        f"Where we are: {_where(runbook, state)}",
        f"Path: {' > '.join(state.path) or 'not started'}",
        *_tried(entries),
        f"Can still be undone: {', '.join(state.undoable) or 'nothing'}",
        f"Changed and not verified: {'yes' if state.is_change_unverified else 'no'}",
        f"Next: {_next(state, entries, contacts or runbook.escalate_to)}",
    )


def _came_from(state: State) -> list[str]:
    came_from = state.opened.came_from if state.opened else ""
    return [f"Handed over from: run {came_from}"] if came_from else []


def _minutes(state: State) -> int:
    if state.opened_at is None or state.last_at is None:
        return 0
    return int((state.last_at - state.opened_at).total_seconds() // 60)


def _where(runbook: Runbook, state: State) -> str:
    if state.phase is Phase.ENDED and state.ending is not None:
        return f"{ENDING_WORDS[state.ending]}{_what_is_open(state)}"
    if state.phase is Phase.UNKNOWN:
        return f"{state.step} was started and nobody knows whether it happened."
    step = runbook.step(state.step)
    return f"{state.step} {step.title}" if step else state.step


def _what_is_open(state: State) -> str:
    """Whoever is called must not take a change for a recovery; an end that is UNVERIFIED says so by itself."""
    if not state.is_change_unverified or state.ending is Ending.UNVERIFIED:
        return ""
    return " Changed and not verified: nobody has looked whether it is over."


def _next(state: State, entries: Sequence[Entry], contacts: Sequence[str]) -> str:
    if state.phase is not Phase.ENDED:
        return f"`keys resume {entries[0].run}`" if entries else "`keys run`"
    if state.ending is Ending.HANDED_OFF:
        incident = state.opened.incident if state.opened else ""
        return f"`keys run {state.hand_off} --incident {incident}`"
    if state.ending is Ending.RESOLVED:
        return "nothing; look at the follow-ups in section 10."
    return f"call {', then '.join(contacts)}." if contacts else "call for help."


def _tried(entries: Sequence[Entry]) -> list[str]:
    """The latest few, found from the end: a long run must not slow its own screen."""
    lines = (_tried_line(entry.event) for entry in reversed(entries))
    return list(islice((line for line in lines if line), _MOST_TRIED))[::-1]


def _tried_line(event: e.AnyEvent) -> str:
    if isinstance(event, e.BranchTaken):
        return f"  {event.step}: {event.words} > {event.target}"
    return f"  {event.step} was rolled back." if isinstance(event, e.ActionRolledBack) else ""
