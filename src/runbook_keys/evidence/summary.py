"""One run in a few figures, worked out of its entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import Struct

from runbook_keys.engine.evolve import fold, parse_at
from runbook_keys.engine.transitions import Phase
from runbook_keys.model import event as e
from runbook_keys.model.entry import Entry
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import Ending

SKIPPED = "skipped"

IN_A_WATCH = e.RunResumed | e.ClockStepped | e.AFTER_END
"""What may stand between a check and the next one without ending the wait."""


class StepVisit(Struct, frozen=True):
    """One stay at a step: how long it lasted, how much of that its commands ran, and how much nobody could or did do anything.

    Milliseconds. Waiting is the time in which no check was due or nobody was there. What remains is a person reading, deciding or working by hand.
    """

    step: str
    lasted_ms: int
    machine_ms: int
    waiting_ms: int = 0

    @property
    def person_ms(self) -> int:
        """The part that was a person's."""
        return max(self.lasted_ms - self.machine_ms - self.waiting_ms, 0)


class Turn(Struct, frozen=True):
    """One way that was taken out of a step, and why: `because` is a `BranchReason`, or `skipped` where a look was passed over."""

    step: str
    words: str
    to: str
    because: str


class Doubt(Struct, frozen=True):
    """Feedback on a step: who gave it when, where its words lie, and what the step was like."""

    step: str
    step_digest: str
    words_blob: str
    by: str
    at: datetime


class RunSummary(Struct, frozen=True):
    """One run. `where` is the step it stands at; `ending` is None while it can be resumed.

    `score` is that of a training. `incident` is the incident's first run. `kept` are the actions that are in place at the end, oldest first.
    `alerted_at` and `ended_at` are None where nobody knows the one, or the other has not come.
    """

    run: str
    slug: str
    version: str
    incident: str
    opened_at: datetime
    last_at: datetime
    operator: str
    where: str
    ending: Ending | None
    is_unknown: bool
    is_practice: bool
    kept: tuple[str, ...] = ()
    visits: tuple[StepVisit, ...] = ()
    score: e.TrainingScored | None = None
    alerted_at: datetime | None = None
    ended_at: datetime | None = None
    turns: tuple[Turn, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def lasted_seconds(self) -> float:
        """From the opening to the end, or to the last entry of a run that goes on."""
        return ((self.ended_at or self.last_at) - self.opened_at).total_seconds()


def summary_of(entries: Sequence[Entry]) -> RunSummary:
    """The summary of one run's entries, at least one, in order."""
    state = fold(entries)
    opened = state.opened
    return RunSummary(
        run=entries[0].run,
        slug=opened.slug if opened else "?",
        version=opened.version if opened else "?",
        incident=opened.incident if opened else entries[0].run,
        opened_at=entries[0].at,
        last_at=entries[-1].at,
        operator=str(entries[0].actor),
        where=state.step,
        ending=state.ending,
        is_unknown=state.phase in (Phase.UNKNOWN, Phase.RUNNING),
        is_practice=bool(opened and opened.kind.is_practice),
        kept=state.in_place,
        visits=_visits(entries),
        score=next((each.event for each in entries if isinstance(each.event, e.TrainingScored)), None),
        alerted_at=parse_at(opened.alerted_at) if opened else None,
        ended_at=next((each.at for each in entries if isinstance(each.event, e.RunEnded)), None),
        turns=tuple(turn for each in entries if (turn := _turn(each.event))),
        doubts=tuple(
            Doubt(each.event.step, each.event.step_digest, each.event.words_blob, str(each.actor), each.at)
            for each in entries
            if isinstance(each.event, e.StepDoubted)
        ),
    )


def _turn(event: e.AnyEvent) -> Turn | None:
    match event:
        case e.BranchTaken():
            return Turn(event.step, event.words, str(event.target), event.because)
        case e.WayOverruled():
            return Turn(event.step, event.reason, event.to, e.BranchReason.OVERRULED)
        case e.StepSkipped():
            return Turn(event.step, event.reason, "", SKIPPED)
        case _:
            return None


def _visits(entries: Sequence[Entry]) -> tuple[StepVisit, ...]:
    """From each entering of a step to the next one, or to the beginning of the end."""
    marks = [
        at for at, entry in enumerate(entries) if isinstance(entry.event, e.StepEntered | e.ClosingBegun)
    ]
    return tuple(
        _visit(entries[first : last + 1])
        for first, last in zip(marks, [*marks[1:], len(entries) - 1], strict=True)
        if isinstance(entries[first].event, e.StepEntered)
    )


def _visit(entries: Sequence[Entry]) -> StepVisit:
    entered = entries[0].event
    machine_ms = sum(
        each.event.duration_ms
        for each in entries
        if isinstance(each.event, e.AttemptFinished)
        and each.event.role is not Role.EVIDENCE
        and not _is_by_hand(entries, each.event)
    )
    lasted = entries[-1].at - entries[0].at
    step = entered.step if isinstance(entered, e.StepEntered) else ""
    return StepVisit(step, round(lasted.total_seconds() * 1000), machine_ms, _waiting_ms(entries))


def _waiting_ms(entries: Sequence[Entry]) -> int:
    """The time in which no check was due, or nobody was there before somebody took the run up again."""
    waited, is_watching = timedelta(), False
    for before, after in pairwise(entries):
        if isinstance(before.event, e.StepEntered | e.WatchContinued):
            is_watching = bool(before.event.due_at)
        elif not isinstance(before.event, IN_A_WATCH):
            is_watching = False
        if is_watching or isinstance(after.event, e.RunResumed):
            waited += after.at - before.at
    return round(waited.total_seconds() * 1000)


def _is_by_hand(entries: Sequence[Entry], finished: e.AttemptFinished) -> bool:
    return any(
        isinstance(each.event, e.AttemptStarted)
        and (each.event.step, each.event.role, each.event.attempt)
        == (finished.step, finished.role, finished.attempt)
        and each.event.language == "human"
        for each in entries
    )
