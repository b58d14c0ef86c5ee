"""The course of a run: which events follow once a way out, a target or an ending is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runbook_keys.engine.evolve import evolve
from runbook_keys.engine.state import State
from runbook_keys.errors import Refused
from runbook_keys.model import event as e
from runbook_keys.model.outcome import Role, Verdict
from runbook_keys.model.runbook import (
    End,
    Ending,
    GoTo,
    HandOff,
    RollBack,
    Runbook,
    SafetyClass,
    Step,
    Target,
)

MAX_VISITS = 500
"""After this many steps a run escalates, whatever its text says: every run ends."""

NO_WAY_OUT = "Nothing matched and there is no way out for anything else"

Events = tuple[e.AnyEvent, ...]


def step_of(runbook: Runbook, state: State) -> Step:
    """The step at which the run stands."""
    step = runbook.step(state.step)
    if step is None:
        raise Refused(f"This runbook has no step {state.step}. `keys check` shows what is wrong with it.")
    return step


def safety_of(step: Step, role: Role) -> SafetyClass:
    """The class under which a block of a step runs: looking is SAFE, an undo is confirmed like a REVERSIBLE change."""
    if role.is_looking_only:
        return SafetyClass.SAFE
    return SafetyClass.REVERSIBLE if role is Role.ROLLBACK else step.safety


def take(
    runbook: Runbook,
    state: State,
    step: Step,
    branch: int,
    because: e.BranchReason,
    at: datetime,
    verdicts: Sequence[Verdict] = (),
    reason: str = "",
) -> Events:
    """Take the way out number `branch` of `step` (-1: there is none) and go where it leads."""
    target, is_limit_reached = _actual_target(state, step, branch)
    words = step.branches[branch].words if branch >= 0 else NO_WAY_OUT
    taken = e.BranchTaken(
        step=step.label,
        branch=branch,
        words=words,
        target=target,
        because=because,
        verdicts=tuple(verdicts),
        is_limit_reached=is_limit_reached,
        reason=reason,
    )
    # The way out itself may be what verifies the run, so what follows is decided on the state after it.
    return (taken, *follow(runbook, evolve(state, taken, at), step.label, target, at))


def _actual_target(state: State, step: Step, branch: int) -> tuple[Target, bool]:
    escalate = End(Ending.ESCALATED)
    if branch < 0:
        return escalate, False
    way = step.branches[branch]
    if way.at_most is not None and state.times_taken(step.label, branch) >= way.at_most:
        return way.then or escalate, True
    return way.target, False


def follow(runbook: Runbook, state: State, step: str, target: Target, at: datetime) -> Events:
    """Go where `target` leads; for an action that was never started there is nothing to roll back."""
    if isinstance(target, RollBack):
        if target.label in state.in_place:
            return ()
        return (e.RollbackSkipped(target.label), *follow(runbook, state, step, target.then, at))
    if isinstance(target, GoTo):
        return enter(runbook, state, step, target.label, at)
    if isinstance(target, HandOff):
        return close(runbook, state, step, Ending.HANDED_OFF, target.slug)
    return close(runbook, state, step, target.ending)


def enter(runbook: Runbook, state: State, came_from: str, label: str, at: datetime) -> Events:
    """Stand at the step `label`; a run that has been through too many steps escalates instead."""
    step = runbook.step(label)
    if step is None or sum(state.visits.values()) >= MAX_VISITS:
        return close(runbook, state, came_from, Ending.ESCALATED)
    due_at = ""
    if step.schedule is not None and step.schedule.after.total_seconds() > 0:
        due_at = stamp(at + step.schedule.after)
    return (e.StepEntered(step=label, visit=state.visits.get(label, 0) + 1, due_at=due_at),)


def close(runbook: Runbook, state: State, step: str, ending: Ending, hand_off: str = "") -> Events:
    """Begin the end; a run whose changes nobody verified can't end RESOLVED, nor one that changed something STOP."""
    closing = e.ClosingBegun(ending=honest(state, ending), step=step, hand_off=hand_off)
    if _collects_evidence(runbook, closing.ending):
        return (closing,)
    return (closing, end(state, closing))


def end(state: State, closing: e.ClosingBegun) -> e.RunEnded:
    """The last event of a run."""
    return e.RunEnded(ending=closing.ending, undoable=state.undoable, hand_off=closing.hand_off)


def honest(state: State, ending: Ending) -> Ending:
    """The ending that may be claimed: RESOLVED needs verification, STOP needs that nothing is left changed."""
    if ending is Ending.RESOLVED and (state.is_change_unverified or state.skipped_verifications):
        return Ending.UNVERIFIED
    if ending is Ending.STOPPED and state.in_place:
        return Ending.UNVERIFIED
    return ending


def _collects_evidence(runbook: Runbook, ending: Ending) -> bool:
    return ending is not Ending.STOPPED and bool(runbook.evidence)


def is_asked_for(runbook: Runbook, item: int, ending: Ending) -> bool:
    """Whether a person is asked item `item` of section 9: not while they are calling for help."""
    return runbook.evidence[item].is_asked and ending in (Ending.RESOLVED, Ending.UNVERIFIED)


def stamp(at: datetime) -> str:
    """An instant as events carry it: RFC 3339, UTC, milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
