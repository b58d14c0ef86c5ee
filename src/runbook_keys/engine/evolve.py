"""evolve(state, event, at) → state: what a fact changes. It never refuses a fact that has its place in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from runbook_keys.engine.state import State
from runbook_keys.engine.transitions import TRANSITIONS, Phase
from runbook_keys.errors import JournalDamaged
from runbook_keys.model import event as e
from runbook_keys.model.entry import Entry
from runbook_keys.model.outcome import OutcomeKind, Role, Settlement
from runbook_keys.model.runbook import End, Ending, GoTo, RollBack, SafetyClass, StepKind

MAX_ROLLBACKS = 2
"""How often an undo is started: the second time only where the first was cut off and did not happen."""

MAX_PROBES = 3
"""How often it is looked whether an unknown change happened, while the looking itself is cut off; then a person says."""

_OPEN_ENDED = (OutcomeKind.UNKNOWN, OutcomeKind.TIMED_OUT, OutcomeKind.CANCELLED)
_TO_RUN_AGAIN = (OutcomeKind.UNKNOWN, OutcomeKind.CANCELLED)


def evolve(state: State, event: e.Event, at: datetime) -> State:
    """The state after `event`, which happened at `at`.

    Raises JournalDamaged if the event has no place in the state's phase: a journal that this engine could not have
    written.
    """
    allowed = TRANSITIONS[state.phase].get(type(event))
    if allowed is None:
        name = type(event).__name__
        raise JournalDamaged(f"The journal holds {name} where a run that is {state.phase} can't have it.")
    after = _CHANGES[type(event)](state, event, at)
    if after.phase not in allowed:
        raise JournalDamaged(
            f"{type(event).__name__} leads from {state.phase} to {after.phase}; no run goes that way."
        )
    approval = after.approval if isinstance(event, e.ApprovalGranted) else None
    return replace(after, last_at=at, approval=approval)


def fold(entries: Iterable[Entry]) -> State:
    """The state after these entries of one run, in order."""
    state = State()
    for entry in entries:
        state = evolve(state, entry.event, entry.at)
    return state


def parse_at(text: str) -> datetime | None:
    """An RFC 3339 instant of an event, None for the empty text."""
    return datetime.fromisoformat(text) if text else None


def _opened(state: State, event: e.RunOpened, at: datetime) -> State:
    return replace(state, phase=Phase.DECIDING, opened=event, opened_at=at, escalation_from_at=at)


def _approval_gone(state: State, _event: e.RunResumed | e.ApprovalDropped, _at: datetime) -> State:
    return _without_approval(state)


def _without_approval(state: State) -> State:
    if state.phase is not Phase.APPROVED:
        return state
    return replace(state, phase=Phase.UNDOING if state.rolling_back else Phase.STANDING)


def _clock_stepped(state: State, event: e.ClockStepped, _at: datetime) -> State:
    """Nothing is due because the clock was set: what waits moves with it. How old an approval is, nobody can say any more."""
    by = timedelta(milliseconds=max(event.by_ms, 0))  # set back, the entries' times stand still instead
    return replace(
        _without_approval(state),
        opened_at=state.opened_at and state.opened_at + by,
        escalation_from_at=state.escalation_from_at and state.escalation_from_at + by,
        due_at=state.due_at and state.due_at + by,
    )


def _entered(state: State, event: e.StepEntered, _at: datetime) -> State:
    due_at = parse_at(event.due_at)
    return replace(
        state,
        phase=Phase.WATCHING if due_at else Phase.STANDING,
        step=event.step,
        tries=0,
        check=0,
        due_at=due_at,
        rolling_back=None,
        visits={**state.visits, event.step: event.visit},
        path=(*state.path, event.step),
    )


def _check_due(state: State, event: e.VerificationDue, _at: datetime) -> State:
    return replace(state, phase=Phase.STANDING, check=event.check, due_at=None, tries=0)


def _watch_continued(state: State, event: e.WatchContinued, _at: datetime) -> State:
    return replace(state, phase=Phase.WATCHING, check=event.check, due_at=parse_at(event.due_at))


def _approved(state: State, event: e.ApprovalGranted, _at: datetime) -> State:
    return replace(state, phase=Phase.APPROVED, approval=event)


def _started(state: State, event: e.AttemptStarted, _at: datetime) -> State:
    after = replace(
        state,
        phase=Phase.RUNNING,
        running=event,
        tries=state.tries + 1,
        attempts={**state.attempts, f"{event.step}/{event.role}": event.attempt},
    )
    if event.role is not Role.WORK or event.safety is SafetyClass.SAFE:
        return after
    undoable = event.safety is SafetyClass.REVERSIBLE
    return replace(
        after,
        in_place=_with(state.in_place, event.step),
        undoable=_with(state.undoable, event.step) if undoable else state.undoable,
        is_change_unverified=True,
        has_verified=False,
    )


def _finished(state: State, event: e.AttemptFinished, _at: datetime) -> State:
    captures = state.captures
    if event.capture and event.output_blob:
        captures = {**captures, event.capture: event.output_blob}
    after = replace(state, running=None, finished=event, captures=captures)
    return _FINISHED[event.role](after, event, state.running)


def _work_finished(state: State, event: e.AttemptFinished, running: e.AttemptStarted | None) -> State:
    is_change = running is not None and running.safety is not SafetyClass.SAFE
    if is_change and event.outcome in _OPEN_ENDED:
        return replace(state, phase=Phase.UNKNOWN, unknown=running, is_probed=False, tries=0)
    if event.outcome in _TO_RUN_AGAIN:
        return replace(state, phase=Phase.STANDING)
    return replace(state, phase=Phase.DECIDING)


def _look_finished(state: State, event: e.AttemptFinished, _running: e.AttemptStarted | None) -> State:
    if state.rolling_back is not None:
        return replace(state, phase=Phase.UNDOING, undo_role=_next_undo_role(state, event))
    was_lost = event.outcome in _TO_RUN_AGAIN and state.tries < MAX_PROBES
    return replace(state, phase=Phase.UNKNOWN, is_probed=not was_lost)


def _next_undo_role(state: State, check: e.AttemptFinished) -> Role:
    """An undo that was cut off and did not happen may be tried once more; else only its check is left."""
    may_retry = state.is_undo_open and state.attempt_number(check.step, Role.ROLLBACK) <= MAX_ROLLBACKS
    return Role.ROLLBACK if may_retry and check.exit_code == 1 else Role.ROLLBACK_CHECK


def _rollback_finished(state: State, event: e.AttemptFinished, _running: e.AttemptStarted | None) -> State:
    is_open = event.outcome in _OPEN_ENDED
    return replace(state, phase=Phase.UNDOING, undo_role=Role.ROLLBACK_CHECK, is_undo_open=is_open, tries=0)


def _evidence_finished(state: State, _event: e.AttemptFinished, _running: e.AttemptStarted | None) -> State:
    return replace(state, phase=Phase.CLOSING)


_FINISHED: dict[Role, Callable[[State, e.AttemptFinished, e.AttemptStarted | None], State]] = {
    Role.WORK: _work_finished,
    Role.ROLLBACK: _rollback_finished,
    Role.ROLLBACK_CHECK: _look_finished,
    Role.PROBE: _look_finished,
    Role.EVIDENCE: _evidence_finished,
}


def _settled(state: State, event: e.OutcomeSettled, _at: datetime) -> State:
    after = replace(state, unknown=None, is_probed=False, tries=0)
    if event.settlement is Settlement.APPLIED:
        return replace(after, phase=Phase.CHOOSING)
    if event.settlement is Settlement.UNCLEAR:
        return replace(after, phase=Phase.DECIDING)
    return replace(after, phase=Phase.STANDING, **_no_longer_in_place(state, event.step))


def _skipped(state: State, event: e.StepSkipped, _at: datetime) -> State:
    return replace(_without_verification(state, event.step), phase=Phase.CHOOSING)


def _choice_asked(state: State, _event: e.ChoiceAsked, _at: datetime) -> State:
    return replace(state, phase=Phase.CHOOSING)


def _branch_taken(state: State, event: e.BranchTaken, _at: datetime) -> State:
    is_undo = isinstance(event.target, RollBack)
    after = replace(
        state,
        phase=Phase.UNDOING if is_undo else Phase.DECIDING,
        rolling_back=event.target if isinstance(event.target, RollBack) else None,
        undo_role=Role.ROLLBACK,
        tries=0,
        taken={
            **state.taken,
            f"{event.step}/{event.branch}": state.times_taken(event.step, event.branch) + 1,
        },
    )
    return _after_verification(after, event) if event.step.startswith(StepKind.VERIFICATION) else after


def _after_verification(state: State, event: e.BranchTaken) -> State:
    if event.because is e.BranchReason.OVERRULED:
        return _without_verification(state, event.step)
    skipped = state.skipped_verifications - {event.step}
    if not _leads_on(event):
        return replace(state, skipped_verifications=skipped, has_verified=False)
    return replace(state, skipped_verifications=skipped, is_change_unverified=False, has_verified=True)


def _leads_on(event: e.BranchTaken) -> bool:
    """A verification counts when it leads to RESOLVED or to a further verification."""
    target = event.target
    if isinstance(target, GoTo):
        return target.label.startswith(StepKind.VERIFICATION)
    return isinstance(target, End) and target.ending is Ending.RESOLVED


def _overruled(state: State, event: e.WayOverruled, _at: datetime) -> State:
    return replace(_without_verification(state, event.step), phase=Phase.DECIDING, due_at=None)


def _rolled_back(state: State, event: e.ActionRolledBack, _at: datetime) -> State:
    return replace(state, phase=Phase.DECIDING, **_no_longer_in_place(state, event.step))


def _back_to_deciding(state: State, _event: e.Event, _at: datetime) -> State:
    return replace(state, phase=Phase.DECIDING)


def _overdue(state: State, _event: e.EscalationDue, _at: datetime) -> State:
    return replace(state, phase=Phase.OVERDUE, phase_before_overdue=state.phase)


def _postponed(state: State, _event: e.EscalationPostponed, at: datetime) -> State:
    return replace(state, phase=state.phase_before_overdue, escalation_from_at=at)


def _noted(state: State, _event: e.Event, _at: datetime) -> State:
    return state


def _aware(state: State, event: e.BreachAware, at: datetime) -> State:
    aware_at = parse_at(event.aware_at) or at
    return replace(state, aware_at=min(filter(None, (state.aware_at, aware_at))))


def _detailed(state: State, event: e.BreachDetailed, _at: datetime) -> State:
    return replace(state, breach=state.breach | {event.detail})


def _closing(state: State, event: e.ClosingBegun, _at: datetime) -> State:
    return replace(state, phase=Phase.CLOSING, closing=event, due_at=None, rolling_back=None)


def _evidence(state: State, event: e.EvidenceRecorded, _at: datetime) -> State:
    return replace(state, evidence_done=event.item + 1, tries=0)


def _ended(state: State, event: e.RunEnded, _at: datetime) -> State:
    return replace(state, phase=Phase.ENDED, ending=event.ending, hand_off=event.hand_off)


def _without_verification(state: State, step: str) -> State:
    if not step.startswith(StepKind.VERIFICATION):
        return state
    return replace(state, skipped_verifications=state.skipped_verifications | {step}, has_verified=False)


def _with(labels: tuple[str, ...], label: str) -> tuple[str, ...]:
    return (*(known for known in labels if known != label), label)


def _no_longer_in_place(state: State, step: str) -> dict[str, Any]:
    return {
        "in_place": tuple(label for label in state.in_place if label != step),
        "undoable": tuple(label for label in state.undoable if label != step),
    }


_CHANGES: dict[type[e.Event], Callable[[State, Any, datetime], State]] = {
    e.RunOpened: _opened,
    e.RunResumed: _approval_gone,
    e.StepEntered: _entered,
    e.VerificationDue: _check_due,
    e.WatchContinued: _watch_continued,
    e.ApprovalGranted: _approved,
    e.ApprovalDropped: _approval_gone,
    e.AttemptStarted: _started,
    e.AttemptFinished: _finished,
    e.LeftoverCut: _noted,
    e.OutcomeSettled: _settled,
    e.ChoiceAsked: _choice_asked,
    e.StepSkipped: _skipped,
    e.BranchTaken: _branch_taken,
    e.WayOverruled: _overruled,
    e.ActionRolledBack: _rolled_back,
    e.RollbackSkipped: _back_to_deciding,
    e.RollbackFailed: _back_to_deciding,
    e.EscalationDue: _overdue,
    e.EscalationPostponed: _postponed,
    e.NoteAdded: _noted,
    e.FileAttached: _noted,
    e.TrainingScored: _noted,
    e.StepDoubted: _noted,
    e.BreachAware: _aware,
    e.BreachDetailed: _detailed,
    e.FollowUpAssigned: _noted,
    e.FollowUpDone: _noted,
    e.RecordRead: _noted,
    e.MaterialErased: _noted,
    e.ClockStepped: _clock_stepped,
    e.ClosingBegun: _closing,
    e.EvidenceRecorded: _evidence,
    e.RunEnded: _ended,
}
