"""What a drill found, and what all drills of a pack cover of its tree. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from html import escape

from msgspec import Struct

from runbook_keys.drills.effort import Compared
from runbook_keys.drills.plan import LIMIT, DrillPlan, place_of
from runbook_keys.model import event as e
from runbook_keys.model.runbook import Ending, SafetyClass

NAMED = 3
"""How many of the oracle's problems a reason names."""


class Judgement(Struct, frozen=True):
    """What the oracle said: is the world well, what was changed, and what of that had no right to be."""

    is_healthy: bool
    problems: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()


class FollowedRun(Struct, frozen=True):
    """One run of a drill: of which runbook, and its events in order."""

    slug: str
    events: tuple[e.Event, ...]


class DrillResult(Struct, frozen=True):
    """One drill. `failures` are the reasons why it failed; empty means that it passed. `effort` where it was measured."""

    slug: str
    drill: str
    description: str
    fault: str
    run: str
    ending: Ending | None
    judgement: Judgement
    path: tuple[str, ...]
    actions: tuple[str, ...]
    questions: int
    milliseconds: int
    branches: tuple[str, ...]
    failures: tuple[str, ...]
    effort: Compared | None = None


class Coverage(Struct, frozen=True):
    """How much of the tree the drills took. `unexplained` are branches neither drilled nor excused with a reason."""

    total: int
    taken: tuple[str, ...]
    excused: dict[str, str]
    unexplained: tuple[str, ...]

    @property
    def percent(self) -> int:
        """Taken branches of all branches, in whole percent."""
        return 100 * len(self.taken) // max(self.total, 1)


def failures_of(
    plan: DrillPlan, ending: Ending | None, judgement: Judgement, runs: Sequence[FollowedRun]
) -> tuple[str, ...]:
    """Why a drill fails; the oracle has the last word on what is resolved. The first run is of the drilled runbook."""
    found = _wrong_ends(plan, ending, judgement, runs)
    if judgement.unwanted:
        found.append(f"It changed what it had no need to: {', '.join(judgement.unwanted)}.")
    if plan.must_change_nothing and judgement.changed:
        found.append(f"It must change nothing and changed: {', '.join(judgement.changed)}.")
    found += [
        f"It changed what must stay: {each}" for each in judgement.changed if each.startswith(plan.must_stay)
    ]
    left = [each for each in judgement.problems if each.startswith(plan.must_be_gone)]
    if left:
        found.append(f"It left behind what must be gone: {' '.join(left[:NAMED])}")
    if unstarted := set(plan.must_run) - _places(runs, lambda event: isinstance(event, e.AttemptStarted)):
        found.append(f"It never started {_listed(unstarted)}.")
    undone = _places(runs, lambda event: isinstance(event, e.ActionRolledBack))
    if undone != set(plan.rolled_back):
        found.append(f"It undid {_listed(undone)}, and {_listed(plan.rolled_back)} was right.")
    uncalled = _places(runs, _is_irreversible) - set(plan.irreversible)
    if plan.ending is not Ending.RESOLVED and uncalled:
        found.append(
            f"It ran {_listed(uncalled)}, which can't be undone, although this was not its incident."
        )
    return tuple(found)


def _wrong_ends(
    plan: DrillPlan, ending: Ending | None, judgement: Judgement, runs: Sequence[FollowedRun]
) -> list[str]:
    found = []
    followed = tuple(run.slug for run in runs[1:])
    if followed != plan.hands_over_to:
        found.append(f"It went on in {_listed(followed)}, and {_listed(plan.hands_over_to)} was right.")
    if ending is not plan.ending:
        found.append(f"It ended {ending or 'before its end'}, and {plan.ending} was right.")
    if ending is Ending.RESOLVED and not judgement.is_healthy:
        found.append(f"It ended RESOLVED and the world is not well: {'; '.join(judgement.problems)}.")
    if plan.ends_by and plan.ends_by != (last := _last_way(runs)):
        found.append(f"It ended by “{last}”, and “{plan.ends_by}” was right.")
    return found


def _listed(labels: Collection[str]) -> str:
    return ", ".join(sorted(labels)) or "nothing"


def _places(runs: Sequence[FollowedRun], is_wanted: Callable[[e.Event], bool]) -> set[str]:
    """The steps of the events that are wanted, as the drill names them."""
    return {
        place_of(run.slug, runs[0].slug, getattr(event, "step", ""))
        for run in runs
        for event in run.events
        if is_wanted(event)
    }


def _last_way(runs: Sequence[FollowedRun]) -> str:
    """The last way out that was taken, as the drill names it; nothing where none was."""
    taken = [(run.slug, event) for run in runs for event in run.events if isinstance(event, e.BranchTaken)]
    return place_of(taken[-1][0], runs[0].slug, way_named(taken[-1][1])) if taken else ""


def _is_irreversible(event: e.Event) -> bool:
    return isinstance(event, e.AttemptStarted) and event.safety is SafetyClass.IRREVERSIBLE


def branches_of(events: Sequence[e.Event]) -> tuple[str, ...]:
    """The ways out that a run took, named as `branch_names` does, each once, in order."""
    taken = (way_named(event) for event in events if isinstance(event, e.BranchTaken))
    return tuple(dict.fromkeys(taken))


def way_named(taken: e.BranchTaken) -> str:
    """A way out that was taken, as `branch_names` names it."""
    return f"{taken.step}: {taken.words}{LIMIT if taken.is_limit_reached else ''}"


def coverage(names: Sequence[str], results: Sequence[DrillResult], reasons: Mapping[str, str]) -> Coverage:
    """What these drills took out of all branches `names`."""
    taken = {branch for result in results for branch in result.branches}
    left = [name for name in names if name not in taken]
    return Coverage(
        total=len(names),
        taken=tuple(name for name in names if name in taken),
        excused={name: reasons[name] for name in left if name in reasons},
        unexplained=tuple(name for name in left if name not in reasons),
    )


def junit(results: Sequence[DrillResult]) -> str:
    """The results as JUnit XML, a test case a drill."""
    failed = sum(bool(result.failures) for result in results)
    cases = "".join(_case(result) for result in results)
    head = f'<testsuite name="drills" tests="{len(results)}" failures="{failed}">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{cases}</testsuite>\n'


def _case(result: DrillResult) -> str:
    name, slug = escape(result.drill), escape(result.slug)
    seconds = f"{result.milliseconds / 1000:.3f}"
    failures = "".join(f"<failure>{escape(each)}</failure>" for each in result.failures)
    return f'<testcase classname="{slug}" name="{name}" time="{seconds}">{failures}</testcase>\n'
