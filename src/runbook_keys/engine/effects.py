"""next_effect(runbook, state) → what the driver must do now. Derived from the state alone, so a resume needs no more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from runbook_keys.engine.course import is_asked_for, safety_of
from runbook_keys.engine.state import State
from runbook_keys.engine.transitions import Phase
from runbook_keys.errors import JournalDamaged
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import Block, Ending, Runbook, SafetyClass, Step

HUMAN = "human"


class Execute(Struct, frozen=True):
    """Run a block. `is_asked_first` is False for looks that belong to something a person already agreed to."""

    label: str
    role: Role
    block: Block
    is_asked_first: bool = False


class AskApproval(Struct, frozen=True):
    """Ask a person to approve this change, or this undo."""

    label: str
    role: Role
    block: Block


class AskChoice(Struct, frozen=True):
    """Ask a person which way out to take."""

    label: str


class AskSettlement(Struct, frozen=True):
    """Ask a person whether an unknown change happened."""

    label: str


class AskEscalation(Struct, frozen=True):
    """Say that the time to escalate has come, and ask."""


class Watch(Struct, frozen=True):
    """Wait until the next check is due."""

    until: datetime


class AskEvidence(Struct, frozen=True):
    """Ask a question of section 9."""

    item: int


class SkipEvidence(Struct, frozen=True):
    """Record that an item of section 9 was not asked."""

    item: int


class Done(Struct, frozen=True):
    """The run is over."""

    ending: Ending


Effect = (
    Execute
    | AskApproval
    | AskChoice
    | AskSettlement
    | AskEscalation
    | Watch
    | AskEvidence
    | SkipEvidence
    | Done
)


def next_effect(runbook: Runbook, state: State) -> Effect:
    """What comes next. A run that is RUNNING was left by its driver: resume it first."""
    effect = _EFFECTS.get(state.phase)
    if effect is None:
        raise JournalDamaged(
            f"The run is {state.phase}; nothing can follow. `keys resume` takes it up again."
        )
    return effect(runbook, state)


def block_of(step: Step, role: Role) -> Block | None:
    """The block of a step that plays this role; a step without one is a human's work."""
    if role is Role.WORK:
        return step.block or Block(HUMAN, step.prose or step.title, step.line)
    blocks = {Role.ROLLBACK: step.rollback, Role.ROLLBACK_CHECK: step.rollback_check, Role.PROBE: step.probe}
    return blocks.get(role)


def _step(runbook: Runbook, label: str) -> Step:
    step = runbook.step(label)
    if step is None:
        raise JournalDamaged(f"The journal speaks of step {label}, which the pinned runbook does not have.")
    return step


def _standing(runbook: Runbook, state: State) -> Effect:
    step = _step(runbook, state.step)
    block = step.block or Block(HUMAN, step.prose or step.title, step.line)
    if step.safety is not SafetyClass.SAFE:
        return AskApproval(step.label, Role.WORK, block)
    return Execute(step.label, Role.WORK, block, is_asked_first=state.check == 0 and block.language != HUMAN)


def _approved(runbook: Runbook, state: State) -> Effect:
    approval = state.approval
    if approval is None:
        raise JournalDamaged("An approval is missing.")
    block = block_of(_step(runbook, approval.step), approval.role)
    if block is None:
        raise JournalDamaged(f"The approved block of {approval.step} is missing.")
    return Execute(approval.step, approval.role, block)


def _undoing(runbook: Runbook, state: State) -> Effect:
    rolling_back = state.rolling_back
    if rolling_back is None:
        raise JournalDamaged("An undo without an action.")
    step = _step(runbook, rolling_back.label)
    block = block_of(step, state.undo_role) or Block(HUMAN, _UNDO_BY_HAND[state.undo_role], step.line)
    if safety_of(step, state.undo_role) is SafetyClass.SAFE:
        return Execute(step.label, state.undo_role, block)
    return AskApproval(step.label, state.undo_role, block)


_UNDO_BY_HAND = {
    Role.ROLLBACK: "This runbook says no way to undo it. Undo it by hand if you know how.",
    Role.ROLLBACK_CHECK: "Look yourself: is it undone?",
}


def _unknown(runbook: Runbook, state: State) -> Effect:
    unknown = state.unknown
    if unknown is None:
        raise JournalDamaged("An unknown outcome without its attempt.")
    step = _step(runbook, unknown.step)
    role = Role.PROBE if step.probe is not None else Role.ROLLBACK_CHECK
    block = block_of(step, role)
    if block is None or block.language == HUMAN or state.is_probed:
        return AskSettlement(step.label)
    return Execute(step.label, role, block)


def _closing(runbook: Runbook, state: State) -> Effect:
    closing = state.closing
    if closing is None:
        raise JournalDamaged("A closing run without its ending.")
    number = state.evidence_done
    item = runbook.evidence[number]
    if item.block is not None:
        return Execute(f"evidence-{number + 1}", Role.EVIDENCE, item.block)
    return AskEvidence(number) if is_asked_for(runbook, number, closing.ending) else SkipEvidence(number)


def _choosing(_runbook: Runbook, state: State) -> Effect:
    return AskChoice(state.step)


def _watching(_runbook: Runbook, state: State) -> Effect:
    if state.due_at is None:
        raise JournalDamaged("A watch without a time.")
    return Watch(state.due_at)


def _overdue(_runbook: Runbook, _state: State) -> Effect:
    return AskEscalation()


def _ended(_runbook: Runbook, state: State) -> Effect:
    return Done(state.ending or Ending.ABANDONED)


_EFFECTS: dict[Phase, Callable[[Runbook, State], Effect]] = {
    Phase.STANDING: _standing,
    Phase.WATCHING: _watching,
    Phase.APPROVED: _approved,
    Phase.CHOOSING: _choosing,
    Phase.UNKNOWN: _unknown,
    Phase.UNDOING: _undoing,
    Phase.OVERDUE: _overdue,
    Phase.CLOSING: _closing,
    Phase.ENDED: _ended,
}
