"""What a post-mortem is made from: one run with its text and its material, and how its time was spent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from msgspec import Struct

from runbook_keys.engine.evolve import evolve
from runbook_keys.engine.state import State
from runbook_keys.engine.transitions import Phase
from runbook_keys.evidence.followups import FollowUp
from runbook_keys.evidence.summary import RunSummary
from runbook_keys.model import event as e
from runbook_keys.model.entry import Entry
from runbook_keys.model.outcome import Observation
from runbook_keys.model.runbook import Runbook, StepKind


class Story(Struct, frozen=True):
    """One run. `texts` are notes and answers by their digest, `observations` what attempts showed; erased ones are missing.

    `fault` says why the record can't be trusted, empty where it verifies.
    """

    summary: RunSummary
    runbook: Runbook
    entries: Sequence[Entry]
    texts: Mapping[str, str]
    observations: Mapping[str, Observation]
    follow_ups: Sequence[FollowUp]
    fault: str = ""

    @property
    def opened(self) -> e.RunOpened:
        """How it was opened; raises ValueError where the record does not begin so."""
        first = self.entries[0].event
        if not isinstance(first, e.RunOpened):
            raise ValueError(f"Run {self.summary.run} does not begin with its opening.")
        return first

    def title(self, label: str) -> str:
        """A step's title; empty where the text has no such step."""
        step = self.runbook.step(label)
        return step.title if step else ""


class Spent(StrEnum):
    """What a stretch of a run's time was spent on."""

    DIAGNOSIS = "diagnosis"
    ACTION = "action"
    VERIFICATION = "verification"
    WAITING = "waiting"
    CLOSING = "closing"
    AWAY = "nobody there"


class Stretch(Struct, frozen=True):
    """A time at one place spent on one thing. `step` is empty while the run closes."""

    spent: Spent
    step: str
    from_at: datetime
    to_at: datetime

    @property
    def lasted(self) -> timedelta:
        """How long."""
        return self.to_at - self.from_at


_BY_KIND = {
    StepKind.SAFETY_CHECK: Spent.DIAGNOSIS,
    StepKind.DIAGNOSIS: Spent.DIAGNOSIS,
    StepKind.ACTION: Spent.ACTION,
    StepKind.ROLLBACK: Spent.ACTION,
    StepKind.VERIFICATION: Spent.VERIFICATION,
    StepKind.EVIDENCE: Spent.CLOSING,
}


def stretches(entries: Sequence[Entry]) -> list[Stretch]:
    """The time of a run from its opening to its end, without gaps; neighbours of the same kind and step are joined."""
    joined: list[Stretch] = []
    for each in _pieces(entries):
        last = joined[-1] if joined else None
        if last and (last.spent, last.step) == (each.spent, each.step):
            joined[-1] = Stretch(last.spent, last.step, last.from_at, each.to_at)
        else:
            joined.append(each)
    return [each for each in joined if each.lasted]


def _pieces(entries: Sequence[Entry]) -> Iterator[Stretch]:
    state = State()
    for entry, after in pairwise(entries):
        state = evolve(state, entry.event, entry.at)
        if state.phase is Phase.ENDED:
            return
        yield Stretch(_spent(state, after.event), _place(state), entry.at, after.at)


def _spent(state: State, after: e.AnyEvent) -> Spent:
    if state.phase is Phase.WATCHING:
        return Spent.WAITING
    if isinstance(after, e.RunResumed):
        return Spent.AWAY
    if state.phase is Phase.CLOSING or state.closing is not None:
        return Spent.CLOSING
    if state.rolling_back is not None:
        return Spent.ACTION
    return _BY_KIND[StepKind(state.step[0])] if state.step else Spent.DIAGNOSIS


def _place(state: State) -> str:
    return "" if state.closing is not None else state.step


def totals(found: Sequence[Stretch]) -> dict[Spent, timedelta]:
    """The time spent on each thing, longest first; nothing that took none."""
    sums: dict[Spent, timedelta] = {}
    for each in found:
        sums[each.spent] = sums.get(each.spent, timedelta()) + each.lasted
    return dict(sorted(sums.items(), key=lambda one: -one[1]))
