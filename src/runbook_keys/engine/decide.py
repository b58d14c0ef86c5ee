"""decide(runbook, state, input, at) → events: what may happen next, and nothing else.

Each input is checked against the phase and the text first. A refused input raises `Refused` and changes nothing; an
accepted one gives the events that belong together in one append.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import asdict

from runbook_keys.engine import asides
from runbook_keys.engine import inputs as i
from runbook_keys.engine.course import Events, close, enter, safety_of, stamp, step_of, take
from runbook_keys.engine.evolve import parse_at
from runbook_keys.engine.finish import finish, record
from runbook_keys.engine.state import State
from runbook_keys.engine.transitions import Phase
from runbook_keys.errors import Refused
from runbook_keys.model import event as e
from runbook_keys.model.outcome import OutcomeKind, Role, Settlement
from runbook_keys.model.runbook import Ending, Runbook, SafetyClass

APPROVAL_LASTS = timedelta(minutes=15)

_P = Phase


def decide(runbook: Runbook, state: State, given: i.Input, at: datetime) -> Events:
    """The events that `given` causes at `at`, in order; raises Refused with a reason an operator understands."""
    decider = _DECIDERS.get((state.phase, type(given)))
    if decider is None:
        raise Refused(f"This can't be done now: the run is {_WORDS[state.phase]}. Look at the screen again.")
    return decider(runbook, state, given, at)


def _open(runbook: Runbook, state: State, given: i.Open, at: datetime) -> Events:
    first = runbook.first_step
    if first is None:
        raise Refused("This runbook has no steps. `keys check` shows what is missing.")
    opened = e.RunOpened(first_step=first.label, **asdict(given))
    return (opened, *enter(runbook, state, first.label, first.label, at))


def _resume(_runbook: Runbook, _state: State, given: i.Resume, _at: datetime) -> Events:
    return (e.RunResumed(given.changed_inputs),)


def _resume_running(runbook: Runbook, state: State, given: i.Resume, at: datetime) -> Events:
    lost = i.Finish(
        outcome=OutcomeKind.UNKNOWN, why="The program ended before the outcome could be recorded."
    )
    return (e.RunResumed(given.changed_inputs), *finish(runbook, state, lost, at))


def _cut_leftover(_runbook: Runbook, state: State, given: i.CutLeftover, _at: datetime) -> Events:
    running = state.running
    if running is None:
        raise Refused("Nothing is running.")
    _check_reason(given.reason)
    return (e.LeftoverCut(running.step, running.role, running.attempt, given.processes, given.reason),)


def _approve(runbook: Runbook, state: State, given: i.Approve, at: datetime) -> Events:
    role, label = _wanted(state)
    step = runbook.step(label)
    if step is None:
        raise Refused(f"This runbook has no step {label}.")
    safety = safety_of(step, role)
    if safety is SafetyClass.SAFE:
        raise Refused(f"Step {label} only looks; it needs no approval.")
    if safety is SafetyClass.IRREVERSIBLE:
        _check_explicit(label, given)
        _check_entitled(state, label, given.by)
    granted = e.ApprovalGranted(
        step=label,
        role=role,
        attempt=state.attempt_number(label, role),
        binding=given.binding,
        expires_at=stamp(at + APPROVAL_LASTS),
        reason=given.reason,
    )
    return (granted,)


def _check_explicit(label: str, given: i.Approve) -> None:
    if given.typed_label.strip() != label:
        raise Refused(f"{label} can't be undone. Type its label, {label}, to approve it.")
    if not given.reason.strip():
        raise Refused(f"{label} can't be undone. Say in a few words why it is right.")


def _drop_approval(_runbook: Runbook, state: State, given: i.DropApproval, _at: datetime) -> Events:
    if state.approval is None:
        raise Refused("Nothing is approved.")
    return (e.ApprovalDropped(state.approval.step, given.why),)


def _check_entitled(state: State, label: str, by: str) -> None:
    """The organisation's policy, as it was when the run was opened."""
    opened = state.opened
    if opened is None:
        return
    go_on = "They take the run over with `keys resume` under their own login."
    if opened.approvers and by not in opened.approvers:
        raise Refused(f"{by} may not approve {label}. These may: {', '.join(opened.approvers)}. {go_on}")
    if opened.needs_second_person and by == opened.opened_by:
        raise Refused(f"{label} can't be undone: a second person must approve it, not {by}. {go_on}")


def _wanted(state: State) -> tuple[Role, str]:
    """Which block comes next, and of which step."""
    if state.phase is _P.APPROVED and state.approval is not None:
        return state.approval.role, state.approval.step
    if state.rolling_back is not None:
        return state.undo_role, state.rolling_back.label
    return Role.WORK, state.step


def _start(runbook: Runbook, state: State, given: i.Start, at: datetime) -> Events:
    label = state.rolling_back.label if state.rolling_back else state.step
    step = runbook.step(label)
    if step is None:
        raise Refused(f"This runbook has no step {label}.")
    safety = safety_of(step, given.role)
    if safety is not SafetyClass.SAFE:
        _check_approved(state, given, label, at)
    return (_intent(state, given, label, safety),)


def _start_evidence(_runbook: Runbook, state: State, given: i.Start, _at: datetime) -> Events:
    if given.role is not Role.EVIDENCE:
        raise Refused("The run is closing; only evidence is collected now.")
    return (_intent(state, given, f"evidence-{state.evidence_done + 1}", SafetyClass.SAFE),)


def _start_probe(runbook: Runbook, state: State, given: i.Start, at: datetime) -> Events:
    unknown = runbook.step(state.unknown.step) if state.unknown else None
    is_its_probe = unknown is not None and given.role is Role.PROBE and unknown.probe is not None
    is_its_check = (
        unknown is not None and given.role is Role.ROLLBACK_CHECK and unknown.rollback_check is not None
    )
    if not is_its_probe and not is_its_check:
        raise Refused("First it must be known whether the change happened. Nothing else may start.")
    return _start(runbook, state, given, at)


def _start_looking(runbook: Runbook, state: State, given: i.Start, at: datetime) -> Events:
    wanted, label = _wanted(state)
    step = runbook.step(label)
    if given.role is not wanted or step is None or safety_of(step, wanted) is not SafetyClass.SAFE:
        raise Refused(f"{label} changes something and nobody has approved it.")
    return _start(runbook, state, given, at)


def _intent(state: State, given: i.Start, label: str, safety: SafetyClass) -> e.AttemptStarted:
    attempt = state.attempt_number(label, given.role)
    return e.AttemptStarted(step=label, attempt=attempt, safety=safety, **asdict(given))


def _check_approved(state: State, given: i.Start, label: str, at: datetime) -> None:
    approval = state.approval
    if approval is None or (approval.step, approval.role) != (label, given.role):
        raise Refused(f"{label} changes something and nobody has approved it.")
    expires_at = parse_at(approval.expires_at)
    if expires_at is None or at > expires_at:
        raise Refused(f"The approval of {label} is older than 15 minutes. Approve it again.")
    if not given.binding or given.binding != approval.binding:
        raise Refused(
            f"What would run now is not what was approved for {label}. Look again and approve again."
        )
    if approval.attempt != state.attempt_number(label, given.role):
        raise Refused(f"The approval of {label} was for an earlier attempt. Approve it again.")


def _choose(runbook: Runbook, state: State, given: i.Choose, at: datetime) -> Events:
    step = step_of(runbook, state)
    if not 0 <= given.branch < len(step.branches):
        raise Refused(f"Step {step.label} has no way out number {given.branch + 1}.")
    is_answer = step.is_question or all(branch.condition is None for branch in step.branches)
    was_skipped = step.label in state.skipped_verifications
    if not is_answer and not given.reason.strip():
        raise Refused("Say in a few words why this is the right way; it goes on the record.")
    because = e.BranchReason.ANSWERED if is_answer and not was_skipped else e.BranchReason.OVERRULED
    return take(runbook, state, step, given.branch, because, at, reason=given.reason)


def _skip(runbook: Runbook, state: State, given: i.Skip, _at: datetime) -> Events:
    step = step_of(runbook, state)
    if step.safety is not SafetyClass.SAFE:
        raise Refused(f"{step.label} is an action. To leave it out, go to another step and say why.")
    _check_reason(given.reason)
    return (e.StepSkipped(step.label, given.reason),)


def _overrule(runbook: Runbook, state: State, given: i.Overrule, at: datetime) -> Events:
    if runbook.step(given.label) is None:
        raise Refused(f"This runbook has no step {given.label}. Its steps: {_labels(runbook)}.")
    _check_reason(given.reason)
    overruled = e.WayOverruled(step=state.step, to=given.label, reason=given.reason)
    return (overruled, *enter(runbook, state, state.step, given.label, at))


def _labels(runbook: Runbook) -> str:
    return ", ".join(step.label for step in runbook.steps)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused("Say in a few words why; it goes on the record.")


def _settle(runbook: Runbook, state: State, given: i.Settle, _at: datetime) -> Events:
    unknown = state.unknown
    if unknown is None:
        raise Refused("There is no unknown change.")
    if given.settlement is not Settlement.UNCLEAR:
        _check_reason(given.reason)
    settled = e.OutcomeSettled(unknown.step, unknown.attempt, given.settlement, given.reason)
    if given.settlement is not Settlement.UNCLEAR:
        return (settled,)
    return (settled, *close(runbook, state, state.step, Ending.ESCALATED))


def _tick_watching(_runbook: Runbook, state: State, _given: i.Tick, at: datetime) -> Events:
    if state.due_at is None or at < state.due_at:
        return ()
    return (e.VerificationDue(state.step, state.check + 1),)


def _tick(runbook: Runbook, state: State, _given: i.Tick, at: datetime) -> Events:
    due_at = escalation_due_at(runbook, state)
    if due_at is None or at < due_at or runbook.escalate_after is None:
        return ()
    return (e.EscalationDue(int(runbook.escalate_after.total_seconds())),)


def escalation_due_at(runbook: Runbook, state: State) -> datetime | None:
    """When the runbook says to escalate; None where it names no time or a verification has succeeded."""
    if runbook.escalate_after is None or state.escalation_from_at is None or state.has_verified:
        return None
    return state.escalation_from_at + runbook.escalate_after


def _nothing_due(_runbook: Runbook, _state: State, _given: i.Tick, _at: datetime) -> Events:
    return ()


def _escalate(runbook: Runbook, state: State, _given: i.Escalate, _at: datetime) -> Events:
    return close(runbook, state, state.step, Ending.ESCALATED)


def _abandon(runbook: Runbook, state: State, given: i.Abandon, _at: datetime) -> Events:
    _check_reason(given.reason)
    return close(runbook, state, state.step, Ending.ABANDONED)


def _go_on(_runbook: Runbook, _state: State, given: i.GoOn, _at: datetime) -> Events:
    _check_reason(given.reason)
    return (e.EscalationPostponed(given.reason),)


def _note(_runbook: Runbook, state: State, given: i.Note, _at: datetime) -> Events:
    return (e.NoteAdded(state.step, given.blob),)


def _score(_runbook: Runbook, state: State, given: i.Score, _at: datetime) -> Events:
    if state.opened is None or state.opened.kind is not e.RunKind.TRAINING:
        raise Refused("Only a training is scored.")
    return (e.TrainingScored(**asdict(given)),)


def _attach(_runbook: Runbook, state: State, given: i.Attach, _at: datetime) -> Events:
    return (e.FileAttached(state.step, given.name, given.size, given.blob),)


_OPEN_PHASES = (_P.STANDING, _P.WATCHING, _P.CHOOSING, _P.UNKNOWN, _P.UNDOING, _P.OVERDUE)

_Decider = Callable[[Runbook, State, Any, datetime], Events]

_DECIDERS: dict[tuple[Phase, type[Any]], _Decider] = {
    (_P.NEW, i.Open): _open,
    (_P.STANDING, i.Approve): _approve,
    (_P.UNDOING, i.Approve): _approve,
    (_P.STANDING, i.Start): _start_looking,
    (_P.UNDOING, i.Start): _start_looking,
    (_P.APPROVED, i.Start): _start,
    (_P.APPROVED, i.DropApproval): _drop_approval,
    (_P.UNKNOWN, i.Start): _start_probe,
    (_P.CLOSING, i.Start): _start_evidence,
    (_P.RUNNING, i.Finish): finish,
    (_P.RUNNING, i.CutLeftover): _cut_leftover,
    (_P.RUNNING, i.Resume): _resume_running,
    (_P.CHOOSING, i.Choose): _choose,
    (_P.STANDING, i.Skip): _skip,
    (_P.UNKNOWN, i.Settle): _settle,
    (_P.WATCHING, i.Tick): _tick_watching,
    (_P.STANDING, i.Tick): _tick,
    (_P.CHOOSING, i.Tick): _tick,
    (_P.OVERDUE, i.GoOn): _go_on,
    (_P.CLOSING, i.Record): record,
    (_P.APPROVED, i.Resume): _resume,
    (_P.CLOSING, i.Resume): _resume,
    (_P.CLOSING, i.Note): _note,
    (_P.ENDED, i.Note): _note,
    (_P.RUNNING, i.Note): _note,
    (_P.ENDED, i.Score): _score,
    (_P.ENDED, i.AssignFollowUp): asides.assign_follow_up,
    (_P.ENDED, i.CompleteFollowUp): asides.complete_follow_up,
    (_P.ENDED, i.Erase): asides.erase,
    **{(phase, i.Attach): _attach for phase in (*_OPEN_PHASES, _P.RUNNING, _P.CLOSING, _P.ENDED)},
    **{
        (phase, given): decider
        for phase in (*_OPEN_PHASES, _P.RUNNING, _P.CLOSING, _P.ENDED)
        for given, decider in asides.ANY_TIME.items()
    },
    **{(phase, i.Read): asides.read for phase in (*_OPEN_PHASES, _P.CLOSING, _P.ENDED)},
    **{
        (phase, i.Tick): _nothing_due
        for phase in (_P.APPROVED, _P.UNKNOWN, _P.UNDOING, _P.OVERDUE, _P.CLOSING, _P.ENDED)
    },
    **{(phase, i.Overrule): _overrule for phase in (_P.STANDING, _P.WATCHING, _P.CHOOSING)},
    **{(phase, i.Escalate): _escalate for phase in _OPEN_PHASES},
    **{(phase, i.Abandon): _abandon for phase in _OPEN_PHASES},
    **{(phase, i.Note): _note for phase in _OPEN_PHASES},
    **{(phase, i.Resume): _resume for phase in _OPEN_PHASES},
}

_WORDS = {
    _P.NEW: "not open yet",
    _P.STANDING: "waiting at a step",
    _P.WATCHING: "waiting for a check",
    _P.APPROVED: "about to start an approved change",
    _P.RUNNING: "running a command",
    _P.DECIDING: "deciding",
    _P.CHOOSING: "waiting for your choice",
    _P.UNKNOWN: "waiting to learn whether a change happened",
    _P.UNDOING: "undoing a change",
    _P.OVERDUE: "past its time to escalate",
    _P.CLOSING: "closing",
    _P.ENDED: "over",
}
