"""Events in an operator's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runbook_keys.model import event as e

COPY = "bundle "
"""How a reading begins that is a copy; the beginning of the digest of its tag manifest follows."""


def words_of(event: e.Event) -> str:
    """An event in an operator's words, one line."""
    return _WORDS[type(event).__name__](event)


def is_copy(event: e.Event) -> bool:
    """Whether somebody took a copy of the record out of the house."""
    return isinstance(event, e.RecordRead) and event.what.startswith(COPY)


def _finished(event: e.AttemptFinished) -> str:
    code = f", exit code {event.exit_code}" if event.exit_code is not None else ""
    why = f" ({event.why})" if event.why else ""
    held = f" [{event.enforcement}]" if event.enforcement else ""
    called = f" by {event.key.slug} {event.key.version} on {event.key.program}" if event.key else ""
    took = f"{event.duration_ms / 1000:.1f} s"
    return f"{event.step} {event.role} ended{called}: {event.outcome}{code}, {took}{why}{held}"


def _taken(event: e.BranchTaken) -> str:
    limit = " (taken as often as allowed)" if event.is_limit_reached else ""
    reason = f" ({event.reason})" if event.reason else ""
    return f"{event.step}: {event.words} > {event.target}{limit}{reason}"


_WORDS: dict[str, Callable[[Any], str]] = {
    "RunOpened": lambda x: f"Run opened: {x.slug} {x.version}, text {x.pack_digest[:12]}",
    "RunResumed": lambda x: (
        "Run taken up again" + (f"; changed: {', '.join(x.changed_inputs)}" if x.changed_inputs else "")
    ),
    "StepEntered": lambda x: f"At {x.step}" + (f", for the {x.visit}. time" if x.visit > 1 else ""),
    "VerificationDue": lambda x: f"{x.step}: check {x.check} is due",
    "WatchContinued": lambda x: f"{x.step}: check {x.check} was good, the next is due at {x.due_at}",
    "ApprovalGranted": lambda x: f"{x.step} {x.role} approved" + (f": {x.reason}" if x.reason else ""),
    "ApprovalDropped": lambda x: f"{x.step}: nothing was started on the approval, it is asked anew ({x.why})",
    "AttemptStarted": lambda x: f"{x.step} {x.role} started ({x.language}, {x.safety}, attempt {x.attempt})",
    "AttemptFinished": _finished,
    "LeftoverCut": lambda x: (
        f"{x.step} {x.role}: had ended what still ran, {', '.join(x.processes)} ({x.reason})"
    ),
    "OutcomeSettled": lambda x: (
        f"{x.step}: the change is {x.settlement}" + (f" ({x.reason})" if x.reason else "")
    ),
    "ChoiceAsked": lambda x: f"{x.step}: the way out is for a person to choose",
    "StepSkipped": lambda x: f"{x.step} skipped: {x.reason}",
    "BranchTaken": _taken,
    "WayOverruled": lambda x: f"Left {x.step} for {x.to}: {x.reason}",
    "ActionRolledBack": lambda x: f"{x.step} was rolled back, and its check says so",
    "RollbackSkipped": lambda x: f"{x.step}: nothing to roll back",
    "RollbackFailed": lambda x: f"{x.step} could NOT be rolled back: {x.why}",
    "EscalationDue": lambda x: f"{x.after_seconds // 60} minutes have passed: time to escalate",
    "EscalationPostponed": lambda x: f"Escalation postponed: {x.reason}",
    "NoteAdded": lambda x: f"Note added at {x.step}",
    "FileAttached": lambda x: f"File attached at {x.step}: {x.name}, {x.size} bytes",
    "TrainingScored": lambda x: (
        f"Training of {x.person} ({x.drill}): {'passed' if x.is_passed else 'not passed'}, {x.seconds} s, "
        f"{x.wrong_turns} wrong turns, {x.skipped} skipped"
    ),
    "StepDoubted": lambda x: f"Feedback: step {x.step} is said to be wrong",
    "BreachAware": lambda x: f"Breach of personal data: known since {x.aware_at}, 72 hours run from then",
    "BreachDetailed": lambda x: (
        f"Breach record: {x.detail.words}" + (f", {x.happened_at}" if x.happened_at else "")
    ),
    "FollowUpAssigned": lambda x: f"Follow-up {x.item + 1} given to {x.to}: {x.words}",
    "FollowUpDone": lambda x: f"Follow-up {x.item + 1} done: {x.words}",
    "RecordRead": lambda x: f"{'A copy was taken' if is_copy(x) else 'The record was read'}: {x.what}",
    "MaterialErased": lambda x: f"Erased the material of entry {', '.join(map(str, x.entries))} ({x.reason})",
    "ClockStepped": lambda x: (
        f"The clock was set {'forward' if x.by_ms > 0 else 'back'} by {abs(x.by_ms) / 1000:.1f} s"
    ),
    "ClosingBegun": lambda x: f"Closing: {x.ending}",
    "EvidenceRecorded": lambda x: f"Evidence {x.item + 1}: {x.words}" + ("" if x.blob else " (not known)"),
    "RunEnded": lambda x: f"Run ended: {x.ending}" + (f" to {x.hand_off}" if x.hand_off else ""),
}
