"""One run in a few figures, worked out of its entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from runbook_keys.engine.evolve import fold
from runbook_keys.engine.transitions import Phase
from runbook_keys.model import event as e
from runbook_keys.model.entry import Entry
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import Ending


class StepVisit(Struct, frozen=True):
    """One stay at a step: how long it lasted, and how much of that its commands ran. Milliseconds."""

    step: str
    lasted_ms: int
    machine_ms: int


class RunSummary(Struct, frozen=True):
    """One run. `where` is the step it stands at; `ending` is None while it can be resumed.

    `score` is that of a training. `incident` is the incident's first run. `kept` are the actions that are in place at the end, oldest first.
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

    @property
    def lasted_seconds(self) -> float:
        """From the opening to the last entry."""
        return (self.last_at - self.opened_at).total_seconds()


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
    )


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
    return StepVisit(step, round(lasted.total_seconds() * 1000), machine_ms)


def _is_by_hand(entries: Sequence[Entry], finished: e.AttemptFinished) -> bool:
    return any(
        isinstance(each.event, e.AttemptStarted)
        and (each.event.step, each.event.role, each.event.attempt)
        == (finished.step, finished.role, finished.attempt)
        and each.event.language == "human"
        for each in entries
    )
