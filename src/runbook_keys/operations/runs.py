"""List the runs; show one run's timeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct

from runbook_keys.driver.handover import handover
from runbook_keys.engine.evolve import fold
from runbook_keys.engine.transitions import Phase
from runbook_keys.journal.lines import read
from runbook_keys.model import event as e
from runbook_keys.model.entry import Entry, StoredEntry
from runbook_keys.model.runbook import Ending
from runbook_keys.operations.recorded import find_run, recorded, reopen
from runbook_keys.operations.services import Services


class RunLine(Struct, frozen=True):
    """One run in the list. `where` is its step or how it stands; `ending` is None while it can be resumed."""

    run: str
    slug: str
    version: str
    opened_at: datetime
    last_at: datetime
    operator: str
    where: str
    ending: Ending | None
    is_unknown: bool
    is_practice: bool


class TimelineLine(Struct, frozen=True):
    """One entry in words."""

    seq: int
    at: datetime
    actor: str
    words: str


class RunHistory(Struct, frozen=True):
    """One run: its line, its timeline, its hand-over, its stored lines as they stand in the journal."""

    line: RunLine
    timeline: tuple[TimelineLine, ...]
    handover: tuple[str, ...]
    stored: tuple[StoredEntry, ...]


async def list_runs(services: Services) -> list[RunLine]:
    """All runs, oldest first."""
    heads = await services.store.runs()
    return [_line([read(stored) for stored in await recorded(services, head.run)]) for head in heads]


async def show_run(services: Services, run: str) -> RunHistory:
    """One run's history. Raises RunNotFound."""
    head = await find_run(services, run)
    stored = await recorded(services, head.run)
    session, _ = await reopen(services, head, needs_values=False)
    return RunHistory(
        line=_line(session.entries),
        timeline=tuple(
            TimelineLine(entry.seq, entry.at, str(entry.actor), words_of(entry.event))
            for entry in session.entries
        ),
        handover=handover(session.runbook, session.state, session.entries),
        stored=tuple(stored),
    )


def _line(entries: list[Entry]) -> RunLine:
    state = fold(entries)
    opened = state.opened
    return RunLine(
        run=entries[0].run,
        slug=opened.slug if opened else "?",
        version=opened.version if opened else "?",
        opened_at=entries[0].at,
        last_at=entries[-1].at,
        operator=str(entries[0].actor),
        where=state.step,
        ending=state.ending,
        is_unknown=state.phase in (Phase.UNKNOWN, Phase.RUNNING),
        is_practice=bool(opened and opened.kind is e.RunKind.DRILL),
    )


def words_of(event: e.Event) -> str:
    """An event in an operator's words, one line."""
    return _WORDS[type(event).__name__](event)


def _finished(event: e.AttemptFinished) -> str:
    code = f", exit code {event.exit_code}" if event.exit_code is not None else ""
    why = f" ({event.why})" if event.why else ""
    held = f" [{event.enforcement}]" if event.enforcement else ""
    return (
        f"{event.step} {event.role} ended: {event.outcome}{code}, {event.duration_ms / 1000:.1f} s{why}{held}"
    )


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
    "ClosingBegun": lambda x: f"Closing: {x.ending}",
    "EvidenceRecorded": lambda x: f"Evidence {x.item + 1}: {x.words}" + ("" if x.blob else " (not known)"),
    "RunEnded": lambda x: f"Run ended: {x.ending}" + (f" to {x.hand_off}" if x.hand_off else ""),
}
