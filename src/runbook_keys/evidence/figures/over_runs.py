"""Figures over many runs: how soon somebody was there, how soon it was over, where the time goes, what comes again."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from runbook_keys.evidence.summary import SKIPPED, RunSummary, StepVisit
from runbook_keys.model.event import BranchReason
from runbook_keys.model.runbook import Ending, Runbook

MOST = 5
"""How many of the worst are named."""

LONG_LOOK = timedelta(minutes=1)
"""A person who stays longer than this at a step in half of the cases is waiting or searching."""


class Lengths(Struct, frozen=True):
    """Lengths of time: how many are known of how many, their mean, median and the longest, in seconds."""

    known: int
    of: int
    mean: float = 0.0
    median: float = 0.0
    longest: float = 0.0


class StepFigures(Struct, frozen=True):
    """One step over all runs. Times are medians per visit in milliseconds; `went_back` counts visits after the first of a run."""

    step: str
    title: str
    visits: int
    machine_ms: float
    person_ms: float
    waiting_ms: float
    longest_person_ms: int
    went_back: int
    overruled: int
    skipped: int


class Incident(Struct, frozen=True):
    """One incident: its first run's runbook, when it opened and was resolved (None: it was not, as far as is known).

    `from_at` is when the alert fired, else when the first run opened. `fixed_by` are the actions in place at the end,
    `until_at` and `ending` how the last run stands.
    """

    incident: str
    slug: str
    from_at: datetime
    is_from_alert: bool
    resolved_at: datetime | None
    fixed_by: tuple[str, ...]
    runs: int
    until_at: datetime
    ending: Ending | None

    @property
    def seconds(self) -> float | None:
        """How long until it was resolved."""
        return (self.resolved_at - self.from_at).total_seconds() if self.resolved_at else None


class Figures(Struct, frozen=True):
    """One runbook. Counters are by text; `left` and `abandoned` name where the tree was left or the run given up."""

    slug: str
    title: str
    first_at: datetime
    last_at: datetime
    runs: int
    endings: dict[str, int]
    acknowledged: Lengths
    resolved: Lengths
    resolved_from_alert: int
    incidents: tuple[Incident, ...]
    steps: tuple[StepFigures, ...]
    abandoned: dict[str, int]
    never_taken: tuple[str, ...]
    fixes: dict[str, int]

    @property
    def repeats(self) -> int:
        """How many incidents were not the first of their kind."""
        return max(len(self.incidents) - 1, 0)

    def where_people_wait(self) -> list[StepFigures]:
        """The steps at which a person stays longest, most first."""
        slow = [step for step in self.steps if step.person_ms >= LONG_LOOK / timedelta(milliseconds=1)]
        return sorted(slow, key=lambda step: -step.person_ms)[:MOST]

    def where_people_go_back(self) -> list[StepFigures]:
        """The steps to which runs return, most often first."""
        back = [step for step in self.steps if step.went_back]
        return sorted(back, key=lambda step: -step.went_back)[:MOST]


def figures(runs: Sequence[RunSummary], runbooks: Mapping[str, Runbook]) -> list[Figures]:
    """The figures of each runbook that was run, the most used first. `runbooks` are those that are installed, by slug."""
    by_slug: dict[str, list[RunSummary]] = defaultdict(list)
    for run in runs:
        by_slug[run.slug].append(run)
    incidents = incidents_of(runs)
    found = [_of_one(slug, of_slug, incidents, runbooks.get(slug)) for slug, of_slug in by_slug.items()]
    return sorted(found, key=lambda one: (-one.runs, one.slug))


def _of_one(
    slug: str, runs: Sequence[RunSummary], incidents: Iterable[Incident], runbook: Runbook | None
) -> Figures:
    own = tuple(each for each in incidents if each.slug == slug)
    resolved = [each.seconds for each in own if each.seconds is not None]
    alerted = [run for run in runs if run.alerted_at is not None]
    return Figures(
        slug=slug,
        title=runbook.title if runbook else slug,
        first_at=min(run.opened_at for run in runs),
        last_at=max(run.opened_at for run in runs),
        runs=len(runs),
        endings=dict(Counter(str(run.ending or "open") for run in runs).most_common()),
        acknowledged=lengths([_acknowledged(run) for run in alerted], len(runs)),
        resolved=lengths(resolved, len(own)),
        resolved_from_alert=sum(each.is_from_alert for each in own if each.seconds is not None),
        incidents=own,
        steps=_steps(runs, runbook),
        abandoned=_abandoned(runs),
        never_taken=_never_taken(runs, runbook),
        fixes=_fixes(own, runbook),
    )


def _acknowledged(run: RunSummary) -> float:
    return (run.opened_at - run.alerted_at).total_seconds() if run.alerted_at else 0.0


def lengths(seconds: Sequence[float], of: int) -> Lengths:
    """Mean, median and longest of what is known."""
    if not seconds:
        return Lengths(0, of)
    return Lengths(len(seconds), of, statistics.fmean(seconds), statistics.median(seconds), max(seconds))


def incidents_of(runs: Sequence[RunSummary]) -> list[Incident]:
    """The incidents that were this one: a run that found another one (STOPPED) is none."""
    by_name: dict[str, list[RunSummary]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: run.opened_at):
        by_name[run.incident].append(run)
    return [
        _incident(name, of_name)
        for name, of_name in by_name.items()
        if any(run.ending is not Ending.STOPPED for run in of_name)
    ]


def _incident(name: str, runs: Sequence[RunSummary]) -> Incident:
    first = runs[0]
    ended = next((run for run in reversed(runs) if run.ending is Ending.RESOLVED), None)
    return Incident(
        incident=name,
        slug=first.slug,
        from_at=first.alerted_at or first.opened_at,
        is_from_alert=first.alerted_at is not None,
        resolved_at=ended.ended_at if ended else None,
        fixed_by=ended.kept if ended else (),
        runs=len(runs),
        until_at=runs[-1].ended_at or runs[-1].last_at,
        ending=runs[-1].ending,
    )


def _steps(runs: Sequence[RunSummary], runbook: Runbook | None) -> tuple[StepFigures, ...]:
    visits: dict[str, list[StepVisit]] = defaultdict(list)
    back: Counter[str] = Counter()
    for run in runs:
        back.update(
            Counter(visit.step for visit in run.visits) - Counter({visit.step for visit in run.visits})
        )
        for visit in run.visits:
            visits[visit.step].append(visit)
    turns = Counter((turn.step, turn.because) for run in runs for turn in run.turns)
    order = [step.label for step in runbook.steps] if runbook else []
    labels = sorted(visits, key=lambda label: (order.index(label) if label in order else len(order), label))
    return tuple(_step(label, visits[label], back[label], turns, runbook) for label in labels)


def _step(
    label: str,
    visits: Sequence[StepVisit],
    went_back: int,
    turns: Counter[tuple[str, str]],
    runbook: Runbook | None,
) -> StepFigures:
    step = runbook.step(label) if runbook else None
    return StepFigures(
        step=label,
        title=step.title if step else "",
        visits=len(visits),
        machine_ms=statistics.median(visit.machine_ms for visit in visits),
        person_ms=statistics.median(visit.person_ms for visit in visits),
        waiting_ms=statistics.median(visit.waiting_ms for visit in visits),
        longest_person_ms=max(visit.person_ms for visit in visits),
        went_back=went_back,
        overruled=turns[label, BranchReason.OVERRULED],
        skipped=turns[label, SKIPPED],
    )


def _abandoned(runs: Sequence[RunSummary]) -> dict[str, int]:
    """Ways that came to nothing: left against the tree, or where a run ended without recovery."""
    found: Counter[str] = Counter()
    for run in runs:
        found.update(
            f"left {turn.step} for {turn.to} against the tree"
            for turn in run.turns
            if turn.because == BranchReason.OVERRULED
        )
        if run.ending in (Ending.ABANDONED, Ending.ESCALATED, Ending.UNVERIFIED) and run.where:
            found[f"ended {run.ending} at {run.where}"] += 1
    return dict(found.most_common())


def _never_taken(runs: Sequence[RunSummary], runbook: Runbook | None) -> tuple[str, ...]:
    if runbook is None:
        return ()
    taken = {(turn.step, turn.words) for run in runs for turn in run.turns}
    return tuple(
        f"{step.label}: {branch.words}"
        for step in runbook.steps
        for branch in step.branches
        if (step.label, branch.words) not in taken
    )


def _fixes(incidents: Sequence[Incident], runbook: Runbook | None) -> dict[str, int]:
    solved = [each for each in incidents if each.resolved_at is not None]
    found = Counter(_named(each.fixed_by, runbook) for each in solved)
    return dict(found.most_common())


def _named(actions: Sequence[str], runbook: Runbook | None) -> str:
    """One action with its title, several by their labels."""
    step = runbook.step(actions[0]) if runbook and len(actions) == 1 else None
    if step is not None:
        return f"{step.label} {step.title}"
    return ", ".join(actions) or "nothing had to be changed"
