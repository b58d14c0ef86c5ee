"""What follows from a finished attempt: a way out, a settled unknown, an undo that worked or did not, evidence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from runbook_keys.engine import inputs as i
from runbook_keys.engine.course import Events, close, end, follow, stamp, step_of, take
from runbook_keys.engine.evolve import evolve
from runbook_keys.engine.state import State
from runbook_keys.engine.transitions import Phase
from runbook_keys.errors import Refused
from runbook_keys.model import event as e
from runbook_keys.model.outcome import OutcomeKind, Role, Settlement, Verdict
from runbook_keys.model.runbook import Ending, Runbook, SafetyClass, Step

MAX_TRIES = 3

_P = Phase


def finish(runbook: Runbook, state: State, given: i.Finish, at: datetime) -> Events:
    """The outcome of the running attempt, and what it leads to; raises Refused where nothing is running."""
    running = state.running
    if running is None:
        raise Refused("Nothing is running.")
    finished = e.AttemptFinished(
        step=running.step,
        role=running.role,
        attempt=running.attempt,
        outcome=given.outcome,
        exit_code=given.exit_code,
        why=given.why,
        duration_ms=given.duration_ms,
        enforcement=given.enforcement,
        output_blob=given.output_blob,
        capture=_capture(runbook, running),
        is_truncated=given.is_truncated,
        key=given.key,
    )
    after = evolve(state, finished, at)
    return (finished, *_AFTER_FINISH[running.role](runbook, after, given, at))


def _capture(runbook: Runbook, running: e.AttemptStarted) -> str:
    step = runbook.step(running.step)
    if running.role is not Role.WORK or step is None or step.block is None:
        return ""
    return step.block.capture or ""


def _after_work(runbook: Runbook, state: State, given: i.Finish, at: datetime) -> Events:
    step = step_of(runbook, state)
    if state.phase is _P.UNKNOWN:
        return ()
    if state.phase is _P.STANDING:
        return _after_lost_look(runbook, state, step, given, at)
    if given.answer is not None:
        return take(runbook, state, step, given.answer, e.BranchReason.ANSWERED, at)
    if step.branches and all(branch.condition is None for branch in step.branches) and not step.is_question:
        return (e.ChoiceAsked(step.label),)
    return _take_matching(runbook, state, step, given.verdicts, at)


def _after_lost_look(runbook: Runbook, state: State, step: Step, given: i.Finish, at: datetime) -> Events:
    """A look without an outcome runs again, three times in all; a question is asked until it is answered."""
    was_interrupted = given.outcome is OutcomeKind.CANCELLED
    if state.tries < MAX_TRIES or step.is_question or was_interrupted:
        return ()
    return _take_matching(runbook, state, step, (), at)


def _take_matching(
    runbook: Runbook, state: State, step: Step, verdicts: tuple[Verdict, ...], at: datetime
) -> Events:
    matched = next((verdict.branch for verdict in verdicts if verdict.matched), None)
    if matched == 0 and _is_watch_on(state, step):
        check = max(state.check, 1)
        return (e.WatchContinued(step.label, check, stamp(at + (step.schedule.every or timedelta()))),)  # type: ignore[union-attr]
    if matched is not None:
        return take(runbook, state, step, matched, e.BranchReason.MATCHED, at, verdicts)
    otherwise = next((n for n, branch in enumerate(step.branches) if branch.is_else), -1)
    return take(runbook, state, step, otherwise, e.BranchReason.NOTHING_MATCHED, at, verdicts)


def _is_watch_on(state: State, step: Step) -> bool:
    return step.schedule is not None and max(state.check, 1) < step.schedule.repetitions


def _after_rollback(_runbook: Runbook, _state: State, _given: i.Finish, _at: datetime) -> Events:
    return ()


def _after_look(runbook: Runbook, state: State, given: i.Finish, at: datetime) -> Events:
    if state.rolling_back is not None:
        return _after_rollback_check(runbook, state, given, at)
    return _after_probe(state, given)


def _after_rollback_check(runbook: Runbook, state: State, given: i.Finish, at: datetime) -> Events:
    rolling_back = state.rolling_back
    if rolling_back is None:
        return ()
    label = rolling_back.label
    if state.undo_role is Role.ROLLBACK:
        return ()
    if given.exit_code == 0:
        undone = e.ActionRolledBack(label)
        return (undone, *follow(runbook, evolve(state, undone, at), state.step, rolling_back.then, at))
    if given.outcome in (OutcomeKind.UNKNOWN, OutcomeKind.CANCELLED) and state.tries < MAX_TRIES:
        return ()
    why = "Its check says that it is not undone." if given.exit_code == 1 else "Its check could not tell."
    return (e.RollbackFailed(label, why), *close(runbook, state, state.step, Ending.ESCALATED))


def _after_probe(state: State, given: i.Finish) -> Events:
    """A REVERSIBLE change is settled by its probe or rollback check; about an IRREVERSIBLE one a person decides."""
    unknown = state.unknown
    if unknown is None or unknown.safety is not SafetyClass.REVERSIBLE or state.running is not None:
        return ()
    finished = state.finished
    if finished is None or given.exit_code not in (0, 1):
        return ()
    says_applied = (given.exit_code == 0) is (finished.role is Role.PROBE)
    settlement = Settlement.APPLIED if says_applied else Settlement.NOT_APPLIED
    reason = "The probe says so." if finished.role is Role.PROBE else "The rollback check says so."
    return (e.OutcomeSettled(unknown.step, unknown.attempt, settlement, reason),)


def _after_evidence(runbook: Runbook, state: State, given: i.Finish, at: datetime) -> Events:
    if given.outcome in (OutcomeKind.UNKNOWN, OutcomeKind.CANCELLED) and state.tries < MAX_TRIES:
        return ()
    return record(runbook, state, i.Record(given.output_blob), at)


_AFTER_FINISH: dict[Role, Callable[[Runbook, State, i.Finish, datetime], Events]] = {
    Role.WORK: _after_work,
    Role.ROLLBACK: _after_rollback,
    Role.ROLLBACK_CHECK: _after_look,
    Role.PROBE: _after_look,
    Role.EVIDENCE: _after_evidence,
}


def record(runbook: Runbook, state: State, given: i.Record, _at: datetime) -> Events:
    """One item of section 9 is recorded; the last one ends the run."""
    closing = state.closing
    if closing is None or state.evidence_done >= len(runbook.evidence):
        raise Refused("There is no evidence left to record.")
    item = state.evidence_done
    recorded = e.EvidenceRecorded(item, runbook.evidence[item].words, given.blob)
    if item + 1 < len(runbook.evidence):
        return (recorded,)
    return (recorded, end(state, closing))
