"""From a session to a view: everything a person needs for the next answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from runbook_keys.driver.blocks import names_in
from runbook_keys.driver.handover import handover
from runbook_keys.driver.session import Session
from runbook_keys.engine import effects as f
from runbook_keys.engine.asides import is_breach_decided, notify_by
from runbook_keys.engine.course import safety_of
from runbook_keys.engine.decide import escalation_due_at
from runbook_keys.engine.state import State
from runbook_keys.model import event as e
from runbook_keys.model.outcome import Observation, Role
from runbook_keys.model.runbook import Branch, Runbook, SafetyClass, Step
from runbook_keys.model.view import Asking, Breach, LastResult, Shown, Undoable, View, WayOut

HUMAN = f.HUMAN

_BECAUSE = {
    e.BranchReason.MATCHED: "it matched",
    e.BranchReason.NOTHING_MATCHED: "nothing else matched",
    e.BranchReason.ANSWERED: "you said so",
    e.BranchReason.OVERRULED: "you overruled the tree",
}


async def view_of(session: Session, effect: f.Effect, message: str = "") -> View:
    """The screen for `effect`. `message` says what was refused or happened just now."""
    captures = await session.captures()
    view = _frame(session, await last_result(session), message)
    return _FILL[type(effect)](view, session, effect, captures)


def _frame(session: Session, last: LastResult | None, message: str) -> View:
    state, runbook = session.state, session.runbook
    opened = state.opened
    now = session.now()
    return View(
        asking=Asking.NOTHING,
        run=session.run,
        slug=opened.slug if opened else "",
        runbook=runbook.title,
        elapsed_seconds=_seconds(state.opened_at, now),
        path=state.path,
        undoable=tuple(Undoable(label, title_of(runbook, label)) for label in state.undoable),
        do_not=runbook.do_not,
        step=runbook.step(state.step),
        last=last,
        message=message,
        escalate_in_seconds=_escalates_in(runbook, state, now),
        escalate_to=session.reached(runbook.escalate_to),
        ending=state.ending or (state.closing.ending if state.closing else None),
        hand_off=state.hand_off,
        handover=handover(runbook, state, session.entries, session.reached(runbook.escalate_to)),
        is_practice=bool(opened and opened.kind.is_practice),
        breach=breach_of(state, now),
    )


def breach_of(state: State, now: datetime) -> Breach | None:
    """The clock of a breach of personal data; None where nobody said that they know of one."""
    due_at = notify_by(state)
    if state.aware_at is None or due_at is None:
        return None
    return Breach(state.aware_at, due_at, _seconds(now, due_at), is_breach_decided(state))


def _seconds(since: datetime | None, now: datetime) -> int:
    return int((now - since).total_seconds()) if since else 0


def _escalates_in(runbook: Runbook, state: State, now: datetime) -> int | None:
    due_at = escalation_due_at(runbook, state)
    return None if due_at is None else int((due_at - now).total_seconds())


def title_of(runbook: Runbook, label: str) -> str:
    """A step's title, empty where the runbook has no such step."""
    step = runbook.step(label)
    return step.title if step else ""


def _shown(session: Session, view: View, captures: Mapping[str, str]) -> View:
    if view.block is None:
        return view
    known = {**session.values.by_name, **captures}
    secret = session.values.secret
    names = names_in(view.block, known)
    return replace(view, values=tuple(Shown(name, None if name in secret else known[name]) for name in names))


def _execute(view: View, session: Session, effect: f.Execute, captures: Mapping[str, str]) -> View:
    step = session.runbook.step(effect.label)
    asking = Asking.QUESTION if effect.block.language == HUMAN else Asking.LOOK
    safety = safety_of(step, effect.role) if step else SafetyClass.SAFE
    filled = replace(
        view,
        asking=asking,
        step=step or view.step,
        role=effect.role,
        block=effect.block,
        safety=safety,
        ways_out=_ways_for(session, step, effect.role),
        attempt=session.state.attempt_number(effect.label, effect.role),
        **_checks(session, step),
    )
    return _shown(session, filled, captures)


def _checks(session: Session, step: Step | None) -> dict[str, int]:
    if step is None or step.schedule is None:
        return {}
    return {"check": max(session.state.check, 1), "checks": step.schedule.repetitions}


def _ask_approval(view: View, session: Session, effect: f.AskApproval, captures: Mapping[str, str]) -> View:
    step = session.runbook.step(effect.label)
    safety = safety_of(step, effect.role) if step else SafetyClass.IRREVERSIBLE
    filled = replace(
        view,
        asking=Asking.ROLLBACK if effect.role is Role.ROLLBACK else Asking.APPROVAL,
        step=step,
        role=effect.role,
        block=effect.block,
        safety=safety,
        ways_out=_ways_for(session, step, effect.role),
        attempt=session.state.attempt_number(effect.label, effect.role),
        **_policy(session, safety),
    )
    return _shown(session, filled, captures)


def _policy(session: Session, safety: SafetyClass) -> dict[str, Any]:
    opened = session.state.opened
    if opened is None or safety is not SafetyClass.IRREVERSIBLE:
        return {}
    return {"approvers": opened.approvers, "not_by": opened.opened_by if opened.needs_second_person else ""}


_HAND_ANSWERS = {
    Role.ROLLBACK: ("It is undone", "I could not undo it"),
    Role.ROLLBACK_CHECK: ("Yes", "No", "I can't tell"),
    Role.PROBE: ("Yes", "No", "I can't tell"),
}


def _ways_for(session: Session, step: Step | None, role: Role) -> tuple[WayOut, ...]:
    if step is None:
        return ()
    if role is not Role.WORK:
        return tuple(WayOut(words, None, "") for words in _HAND_ANSWERS.get(role, ()))
    return ways_out(session.runbook, session.state, step)


def ways_out(runbook: Runbook, state: State, step: Step) -> tuple[WayOut, ...]:
    """The step's ways out as a person reads them, with how often each bounded one is still open."""
    return tuple(_way(runbook, state, step, number) for number in range(len(step.branches)))


def _way(runbook: Runbook, state: State, step: Step, number: int) -> WayOut:
    branch = step.branches[number]
    remaining = None
    if branch.at_most is not None:
        remaining = max(branch.at_most - state.times_taken(step.label, number), 0)
    return WayOut(branch.words, branch.condition, leads_to(runbook, branch, remaining), remaining)


def leads_to(runbook: Runbook, branch: Branch, remaining: int | None = None) -> str:
    """Where a way out leads, in words: `A1 Put the right secret in place`."""
    target = branch.target if remaining is None or remaining > 0 else (branch.then or "ESCALATE")
    words = str(target)
    title = title_of(runbook, words)
    return f"{words} {title}" if title else words


def _ask_choice(view: View, session: Session, effect: f.AskChoice, _captures: Mapping[str, str]) -> View:
    step = session.runbook.step(effect.label)
    return replace(view, asking=Asking.CHOICE, step=step, ways_out=_ways_for(session, step, Role.WORK))


def _ask_settlement(
    view: View, session: Session, effect: f.AskSettlement, captures: Mapping[str, str]
) -> View:
    step = session.runbook.step(effect.label)
    unknown = session.state.unknown
    filled = replace(
        view,
        asking=Asking.UNKNOWN,
        step=step,
        block=f.block_of(step, Role.WORK) if step else None,
        safety=unknown.safety if unknown else SafetyClass.IRREVERSIBLE,
        attempt=unknown.attempt if unknown else 1,
    )
    return _shown(session, filled, captures)


def _ask_escalation(
    view: View, _session: Session, _effect: f.AskEscalation, _captures: Mapping[str, str]
) -> View:
    return replace(view, asking=Asking.ESCALATION)


def _watch(view: View, session: Session, effect: f.Watch, _captures: Mapping[str, str]) -> View:
    filled = replace(view, asking=Asking.WATCHING, due_at=effect.until)
    return replace(filled, **_checks(session, view.step))


def _ask_evidence(view: View, session: Session, effect: f.AskEvidence, _captures: Mapping[str, str]) -> View:
    return replace(view, asking=Asking.EVIDENCE, question=session.runbook.evidence[effect.item].words)


def _plain(view: View, _session: Session, _effect: f.Effect, _captures: Mapping[str, str]) -> View:
    return view


_Fill = Callable[[View, Session, Any, Mapping[str, str]], View]

_FILL: dict[type[Any], _Fill] = {
    f.Execute: _execute,
    f.AskApproval: _ask_approval,
    f.AskChoice: _ask_choice,
    f.AskSettlement: _ask_settlement,
    f.AskEscalation: _ask_escalation,
    f.Watch: _watch,
    f.AskEvidence: _ask_evidence,
    f.SkipEvidence: _plain,
    f.Done: _plain,
}


async def last_result(session: Session) -> LastResult | None:
    """What the latest attempt showed and where it led; None before the first one."""
    finished, taken = _latest(session)
    if finished is None:
        return None
    observation = await session.observation(finished.output_blob) if finished.output_blob else Observation()
    step = session.runbook.step(finished.step)
    return LastResult(
        step=finished.step,
        title=step.title if step else "",
        outcome=finished.outcome,
        observation=observation,
        words=taken.words if taken else finished.why,
        leads_to=str(taken.target) if taken else "",
        because=_because(taken),
        why_not=_why_not(step, taken),
        enforcement=finished.enforcement,
        duration_ms=finished.duration_ms,
        why=finished.why,
    )


def _latest(session: Session) -> tuple[e.AttemptFinished | None, e.BranchTaken | None]:
    taken: e.BranchTaken | None = None
    for entry in reversed(session.entries):
        if isinstance(entry.event, e.BranchTaken) and taken is None:
            taken = entry.event
        if isinstance(entry.event, e.AttemptFinished) and entry.event.role is not Role.EVIDENCE:
            is_its_own = taken is not None and taken.step == entry.event.step
            return entry.event, taken if is_its_own else None
    return None, None


def _because(taken: e.BranchTaken | None) -> str:
    if taken is None:
        return ""
    return "it was taken as often as allowed" if taken.is_limit_reached else _BECAUSE[taken.because]


def _why_not(step: Step | None, taken: e.BranchTaken | None) -> tuple[str, ...]:
    """The conditions that could not be evaluated, with the reason."""
    if step is None or taken is None:
        return ()
    unclear = (verdict for verdict in taken.verdicts if verdict.matched is None)
    return tuple(f"{step.branches[verdict.branch].words}: {verdict.why}" for verdict in unclear)
