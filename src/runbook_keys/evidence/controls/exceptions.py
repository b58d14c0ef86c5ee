"""What is not as it should be in a run: an auditor must not have to find it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from runbook_keys.engine.asides import NOTIFY_WITHIN, is_before_aware
from runbook_keys.engine.evolve import parse_at
from runbook_keys.evidence.controls.runs import Citation, RunFacts
from runbook_keys.evidence.words import words_of
from runbook_keys.model import event as e
from runbook_keys.model.actor import ActorKind
from runbook_keys.model.breach import BreachDetail
from runbook_keys.model.entry import Entry
from runbook_keys.model.outcome import OutcomeKind, Role
from runbook_keys.model.runbook import Ending

Exceptional = tuple[str, Citation]
"""A kind, such as `skipped`, and where it was found."""

DEPARTURES = frozenset(
    ("accepted findings", "skipped", "overruled", "escalation postponed", "abandoned", "unverified")
)
"""The kinds that say that the text was not followed as it is written."""


def exceptions_of(run: RunFacts, now: datetime) -> list[Exceptional]:
    """Everything of one run that a sample should not hide, in the order of its entries."""
    found: list[Exceptional] = []
    if run.fault:
        found.append(("damaged", Citation(run.run_no, run.run, 0, None, "", run.fault)))
    for entry in run.entries:
        look = _LOOKS.get(type(entry.event))
        kind = look(entry.event) if look else ""
        if kind and not (kind in _NOT_OF_PRACTICE and run.opened and run.opened.kind.is_practice):
            found.append((kind, _cited(run, entry, _words(entry.event))))
    return [*found, *_unattended(run), *_open(run), *_late(run, now)]


_NOT_OF_PRACTICE = ("evidence not known", "accepted findings")
"""Nobody is asked for the root cause of a fault that a drill made."""


def _words(event: e.AnyEvent) -> str:
    if isinstance(event, e.RunOpened):
        return f"Run opened in spite of findings: {event.accepted_findings}"
    return ""


def _cited(run: RunFacts, entry: Entry, words: str = "") -> Citation:
    return Citation(
        run.run_no, run.run, entry.seq, entry.at, str(entry.actor), words or words_of(entry.event)
    )


def _unknown(event: e.AttemptFinished) -> str:
    is_open = event.outcome in (OutcomeKind.UNKNOWN, OutcomeKind.TIMED_OUT)
    is_change = not event.enforcement and event.role in (Role.WORK, Role.ROLLBACK)
    return "unknown outcome" if is_open and is_change else ""


def _ended(event: e.RunEnded) -> str:
    return {Ending.UNVERIFIED: "unverified", Ending.ABANDONED: "abandoned"}.get(event.ending, "")


_LOOKS: dict[type[e.Event], Callable[[Any], str]] = {
    e.RunOpened: lambda event: "accepted findings" if event.accepted_findings else "",
    e.AttemptFinished: _unknown,
    e.LeftoverCut: lambda _event: "command cut off",
    e.StepSkipped: lambda _event: "skipped",
    e.WayOverruled: lambda _event: "overruled",
    e.BranchTaken: lambda event: "overruled" if event.because is e.BranchReason.OVERRULED else "",
    e.RollbackFailed: lambda _event: "undo failed",
    e.EscalationPostponed: lambda _event: "escalation postponed",
    e.EvidenceRecorded: lambda event: "" if event.blob else "evidence not known",
    e.TrainingScored: lambda event: "" if event.is_passed else "training not passed",
    e.MaterialErased: lambda _event: "material erased",
    e.ClockStepped: lambda _event: "clock step",
    e.RunEnded: _ended,
}


def _unattended(run: RunFacts) -> Iterator[Exceptional]:
    """A file of answers in the place of a person: a rehearsal, or an approval that nobody gave."""
    if run.opened is None or run.opened.kind.is_practice:
        return
    first = next((entry for entry in run.entries if entry.actor.kind is ActorKind.AGENT), None)
    if first is not None:
        yield (
            "answered from a file",
            _cited(run, first, "A file gave answers and approvals; no person was at the terminal"),
        )


def _open(run: RunFacts) -> Iterator[Exceptional]:
    if run.summary is not None and run.summary.ending is None:
        kind = "unknown outcome" if run.summary.is_unknown else "still open"
        yield kind, _cited(run, run.entries[-1], f"The run has not ended; it stands at {run.summary.where}")


def _late(run: RunFacts, now: datetime) -> Iterator[Exceptional]:
    """A breach whose 72 hours have passed without the authority being told in time, or the reason why not."""
    notify_by = notify_by_of(run)
    if notify_by is None:
        return
    aware = next(entry for entry in run.entries if isinstance(entry.event, e.BreachAware))
    told = [(at, entry) for entry in run.entries if (at := told_at_of(entry))]
    early = [(at, entry) for at, entry in told if is_too_early(at, notify_by)]
    for at, entry in early:
        words = f"Told at {at:%Y-%m-%d %H:%M} UTC, before anybody knew: it is not counted"
        yield "breach notified before it was known", _cited(run, entry, words)
    first = min((at for at, _ in told if not is_too_early(at, notify_by)), default=None)
    if first is None and now > notify_by and not early:
        words = f"Nothing is on record by {notify_by:%Y-%m-%d %H:%M} UTC"
        yield "breach not decided", _cited(run, aware, words)
    elif first is not None and first > notify_by:
        words = f"Told or decided at {first:%Y-%m-%d %H:%M} UTC, after 72 hours"
        yield "breach notified late", _cited(run, aware, words)


def is_too_early(told_at: datetime, notify_by: datetime) -> bool:
    """Whether the moment lies before anybody knew of the breach, as an earlier release let people say."""
    return is_before_aware(told_at, notify_by - NOTIFY_WITHIN)


def notify_by_of(run: RunFacts) -> datetime | None:
    """When the authority must know; None where nobody was aware of a breach."""
    moments = [
        parse_at(entry.event.aware_at) or entry.at
        for entry in run.entries
        if isinstance(entry.event, e.BreachAware)
    ]
    return min(moments) + NOTIFY_WITHIN if moments else None


def told_at_of(entry: Entry) -> datetime | None:
    """When the authority was told, or it was decided not to, by this entry; None for any other one."""
    event = entry.event
    if not isinstance(event, e.BreachDetailed):
        return None
    if event.detail is BreachDetail.NOTIFIED:
        return parse_at(event.happened_at) or entry.at
    return entry.at if event.detail is BreachDetail.NOT_NOTIFIED else None
