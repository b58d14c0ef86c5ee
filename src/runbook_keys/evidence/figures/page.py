"""The figures as a page with pictures: readable at a glance, fit for print, no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from runbook_keys.evidence.figures.over_runs import Figures, Incident, Lengths, StepFigures
from runbook_keys.evidence.html import facts, grid, page, section, shown
from runbook_keys.evidence.markdown import length
from runbook_keys.evidence.plots import Bar, Point, bars, legend, points

NO_ALERT = "unknown: no run says when its alert fired"


def stats_page(found: Sequence[Figures], what: str) -> bytes:
    """The page. `what` says which runs are counted."""
    body = ["<h1>How runs went</h1>", f'<p class="quiet">{shown(what)} All times are UTC.</p>']
    if not found:
        body.append("<p>There are no such runs.</p>")
    for each in found:
        body += _runbook(each)
    return page("How runs went", body)


def _runbook(found: Figures) -> Iterator[str]:
    yield section(found.title, facts(_facts(found)))
    if found.incidents:
        yield "<h3>How long each incident lasted</h3>"
        yield legend({"resolved": "resolved", "other": "ended otherwise, or open"}, "●✕")
        yield points("How long each incident lasted", [_point(each) for each in found.incidents])
    yield "<h3>Where the time goes, per visit to a step (median)</h3>"
    yield legend({"machine": "commands", "person": "people", "waiting": "no check due, or nobody there"})
    yield bars("Where the time goes", [_bar(step) for step in found.steps])
    if found.fixes:
        yield "<h3>What fixed it</h3>"
        yield bars("What fixed it", [_fix(actions, count) for actions, count in found.fixes.items()])
    yield "<h3>Where people wait, go back, or leave the tree</h3>"
    yield grid(
        ("Step", "Question", "Visits", "Median by people", "Longest", "Gone back to", "Left", "Skipped"),
        map(_row, _notable(found)),
        "Nowhere so far.",
    )
    yield "<h3>Ways that came to nothing</h3>"
    yield grid(
        ("What", "Times"), [(shown(what), str(count)) for what, count in found.abandoned.items()], "None."
    )
    yield f'<p class="quiet">{shown(_never(found))}</p>'


def _facts(found: Figures) -> list[tuple[str, str]]:
    endings = ", ".join(f"{count} {ending}" for ending, count in found.endings.items())
    return [
        ("Runs", f"{found.runs}, {found.first_at:%Y-%m-%d} to {found.last_at:%Y-%m-%d}"),
        ("Ends", endings),
        ("Incidents", f"{len(found.incidents)}, {found.repeats} of them repeats"),
        ("Time to acknowledge", acknowledged(found.acknowledged)),
        ("Time to resolve", resolved(found)),
    ]


def acknowledged(found: Lengths) -> str:
    """MTTA in words: from the alert to the opening of the run; unknown where no alert's time is known."""
    if not found.known:
        return NO_ALERT
    return f"{_spoken(found)} (from the alert; known for {found.known} of {found.of} runs)"


def resolved(found: Figures) -> str:
    """MTTR in words, and what it is counted from."""
    each = found.resolved
    if not each.known:
        return f"none of {each.of} incidents is known to be resolved"
    whence = f"{found.resolved_from_alert} from the alert, {each.known - found.resolved_from_alert} from the opening"
    return f"{_spoken(each)} ({each.known} of {each.of} incidents: {whence})"


def _spoken(found: Lengths) -> str:
    mean, median, longest = (
        length(timedelta(seconds=each)) for each in (found.mean, found.median, found.longest)
    )
    return f"mean {mean}, median {median}, longest {longest}"


def _point(each: Incident) -> Point:
    seconds = each.seconds
    if seconds is None:
        seconds = (each.until_at - each.from_at).total_seconds()
    ended = each.ending or "open"
    words = f"{each.incident}: {ended} after {length(timedelta(seconds=seconds))}, {', '.join(each.fixed_by)}"
    return Point(each.from_at, seconds, "other" if each.seconds is None else "resolved", words.rstrip(", "))


def _bar(step: StepFigures) -> Bar:
    parts = (("machine", step.machine_ms), ("person", step.person_ms), ("waiting", step.waiting_ms))
    whole = length(timedelta(milliseconds=sum(value for _, value in parts)))
    return Bar(f"{step.step} {step.title}", parts, f"{whole} × {step.visits}")


def _fix(actions: str, count: int) -> Bar:
    return Bar(actions, (("resolved", float(count)),), "once" if count == 1 else f"{count} times")


def _notable(found: Figures) -> list[StepFigures]:
    wanted = {step.step for step in (*found.where_people_wait(), *found.where_people_go_back())}
    return [step for step in found.steps if step.step in wanted or step.overruled or step.skipped]


def _row(step: StepFigures) -> tuple[str, ...]:
    times = (step.person_ms, step.longest_person_ms)
    numbers = (str(step.went_back), str(step.overruled), str(step.skipped))
    spoken = (length(timedelta(milliseconds=each)) for each in times)
    return (step.step, shown(step.title), str(step.visits), *spoken, *numbers)


def _never(found: Figures) -> str:
    if not found.never_taken:
        return "Every way out was taken at least once."
    return f"Never taken so far: {len(found.never_taken)} ways out. {'; '.join(found.never_taken)}."
