"""The transition table: in which phase which event may happen, and where it leads.

This is data. The engine refuses every event that has no place here, and the diagram in the documentation is drawn from
it. Where a cell names several phases, `evolve` picks one of them from the event's content.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from runbook_keys.model import event as e


class Phase(StrEnum):
    """Where a run stands between two appends (`DECIDING` only exists within one)."""

    NEW = "new"
    STANDING = "standing"  # at a step, nothing started
    WATCHING = "watching"  # a scheduled check is not due yet
    APPROVED = "approved"  # a fresh yes waits for its intent
    RUNNING = "running"  # an intent is durable, its outcome is not
    DECIDING = "deciding"  # the outcome is known, the way out follows in the same append
    CHOOSING = "choosing"  # a person picks the way out
    UNKNOWN = "unknown"  # nobody knows whether a change happened
    UNDOING = "undoing"  # an action is being rolled back
    OVERDUE = "overdue"  # the time to escalate has come
    CLOSING = "closing"  # the ending is decided, evidence is collected
    ENDED = "ended"


_P = Phase

_TABLE: dict[Phase, dict[type[e.Event], tuple[Phase, ...]]] = {
    _P.NEW: {
        e.RunOpened: (_P.DECIDING,),
    },
    _P.DECIDING: {
        e.StepEntered: (_P.STANDING, _P.WATCHING),
        e.WatchContinued: (_P.WATCHING,),
        e.ChoiceAsked: (_P.CHOOSING,),
        e.BranchTaken: (_P.DECIDING, _P.UNDOING),
        e.ClosingBegun: (_P.CLOSING,),
    },
    _P.STANDING: {
        e.ApprovalGranted: (_P.APPROVED,),
        e.AttemptStarted: (_P.RUNNING,),
        e.StepSkipped: (_P.CHOOSING,),
        e.BranchTaken: (_P.DECIDING, _P.UNDOING),
        e.WayOverruled: (_P.DECIDING,),
        e.EscalationDue: (_P.OVERDUE,),
        e.ClosingBegun: (_P.CLOSING,),
        e.NoteAdded: (_P.STANDING,),
        e.FileAttached: (_P.STANDING,),
        e.StepDoubted: (_P.STANDING,),
        e.BreachAware: (_P.STANDING,),
        e.BreachDetailed: (_P.STANDING,),
        e.RecordRead: (_P.STANDING,),
        e.RunResumed: (_P.STANDING,),
        e.ClockStepped: (_P.STANDING,),
    },
    _P.WATCHING: {
        e.VerificationDue: (_P.STANDING,),
        e.WayOverruled: (_P.DECIDING,),
        e.ClosingBegun: (_P.CLOSING,),
        e.NoteAdded: (_P.WATCHING,),
        e.FileAttached: (_P.WATCHING,),
        e.StepDoubted: (_P.WATCHING,),
        e.BreachAware: (_P.WATCHING,),
        e.BreachDetailed: (_P.WATCHING,),
        e.RecordRead: (_P.WATCHING,),
        e.RunResumed: (_P.WATCHING,),
        e.ClockStepped: (_P.WATCHING,),
    },
    _P.APPROVED: {
        e.AttemptStarted: (_P.RUNNING,),
        e.ApprovalDropped: (_P.STANDING, _P.UNDOING),
        e.RunResumed: (_P.STANDING, _P.UNDOING),
        e.ClockStepped: (_P.STANDING, _P.UNDOING),
    },
    _P.RUNNING: {
        e.AttemptFinished: (_P.DECIDING, _P.STANDING, _P.UNKNOWN, _P.UNDOING, _P.CLOSING),
        e.LeftoverCut: (_P.RUNNING,),
        e.NoteAdded: (_P.RUNNING,),
        e.FileAttached: (_P.RUNNING,),
        e.StepDoubted: (_P.RUNNING,),
        e.BreachAware: (_P.RUNNING,),
        e.BreachDetailed: (_P.RUNNING,),
        e.RunResumed: (_P.RUNNING,),
        e.ClockStepped: (_P.RUNNING,),
    },
    _P.CHOOSING: {
        e.BranchTaken: (_P.DECIDING, _P.UNDOING),
        e.WayOverruled: (_P.DECIDING,),
        e.EscalationDue: (_P.OVERDUE,),
        e.ClosingBegun: (_P.CLOSING,),
        e.NoteAdded: (_P.CHOOSING,),
        e.FileAttached: (_P.CHOOSING,),
        e.StepDoubted: (_P.CHOOSING,),
        e.BreachAware: (_P.CHOOSING,),
        e.BreachDetailed: (_P.CHOOSING,),
        e.RecordRead: (_P.CHOOSING,),
        e.RunResumed: (_P.CHOOSING,),
        e.ClockStepped: (_P.CHOOSING,),
    },
    _P.UNKNOWN: {
        e.AttemptStarted: (_P.RUNNING,),
        e.OutcomeSettled: (_P.CHOOSING, _P.STANDING, _P.DECIDING),
        e.ClosingBegun: (_P.CLOSING,),
        e.NoteAdded: (_P.UNKNOWN,),
        e.FileAttached: (_P.UNKNOWN,),
        e.StepDoubted: (_P.UNKNOWN,),
        e.BreachAware: (_P.UNKNOWN,),
        e.BreachDetailed: (_P.UNKNOWN,),
        e.RecordRead: (_P.UNKNOWN,),
        e.RunResumed: (_P.UNKNOWN,),
        e.ClockStepped: (_P.UNKNOWN,),
    },
    _P.UNDOING: {
        e.ApprovalGranted: (_P.APPROVED,),
        e.AttemptStarted: (_P.RUNNING,),
        e.ActionRolledBack: (_P.DECIDING,),
        e.RollbackSkipped: (_P.DECIDING,),
        e.RollbackFailed: (_P.DECIDING,),
        e.ClosingBegun: (_P.CLOSING,),
        e.NoteAdded: (_P.UNDOING,),
        e.FileAttached: (_P.UNDOING,),
        e.StepDoubted: (_P.UNDOING,),
        e.BreachAware: (_P.UNDOING,),
        e.BreachDetailed: (_P.UNDOING,),
        e.RecordRead: (_P.UNDOING,),
        e.RunResumed: (_P.UNDOING,),
        e.ClockStepped: (_P.UNDOING,),
    },
    _P.OVERDUE: {
        e.EscalationPostponed: (_P.STANDING, _P.CHOOSING),
        e.ClosingBegun: (_P.CLOSING,),
        e.NoteAdded: (_P.OVERDUE,),
        e.FileAttached: (_P.OVERDUE,),
        e.StepDoubted: (_P.OVERDUE,),
        e.BreachAware: (_P.OVERDUE,),
        e.BreachDetailed: (_P.OVERDUE,),
        e.RecordRead: (_P.OVERDUE,),
        e.RunResumed: (_P.OVERDUE,),
        e.ClockStepped: (_P.OVERDUE,),
    },
    _P.CLOSING: {
        e.AttemptStarted: (_P.RUNNING,),
        e.EvidenceRecorded: (_P.CLOSING,),
        e.NoteAdded: (_P.CLOSING,),
        e.FileAttached: (_P.CLOSING,),
        e.StepDoubted: (_P.CLOSING,),
        e.BreachAware: (_P.CLOSING,),
        e.BreachDetailed: (_P.CLOSING,),
        e.RecordRead: (_P.CLOSING,),
        e.RunResumed: (_P.CLOSING,),
        e.RunEnded: (_P.ENDED,),
        e.ClockStepped: (_P.CLOSING,),
    },
    _P.ENDED: {
        e.TrainingScored: (_P.ENDED,),
        e.NoteAdded: (_P.ENDED,),
        e.FileAttached: (_P.ENDED,),
        e.StepDoubted: (_P.ENDED,),
        e.BreachAware: (_P.ENDED,),
        e.BreachDetailed: (_P.ENDED,),
        e.RecordRead: (_P.ENDED,),
        e.FollowUpAssigned: (_P.ENDED,),
        e.FollowUpDone: (_P.ENDED,),
        e.ClockStepped: (_P.ENDED,),
        e.MaterialErased: (_P.ENDED,),
    },
}

TRANSITIONS = MappingProxyType({phase: MappingProxyType(row) for phase, row in _TABLE.items()})
"""Phase → event class → the phases it may lead to. An event that is missing from a row can't happen there."""
