"""Figures over many runs claim only what the record knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from runbook_keys.evidence.figures.over_runs import Figures, figures
from runbook_keys.evidence.figures.page import NO_ALERT, acknowledged, resolved, stats_page
from runbook_keys.evidence.summary import RunSummary, StepVisit, Turn
from runbook_keys.model.runbook import Branch, End, Ending, Runbook, SafetyClass, Step, StepKind

AT = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RUNBOOK = Runbook(
    "Example <b>",
    steps=(
        Step(
            "D1", StepKind.DIAGNOSIS, "Is it bad?", 1, SafetyClass.SAFE,
            branches=(Branch("Yes", End(Ending.RESOLVED), 1), Branch("No", End(Ending.STOPPED), 1)),
        ),
    ),
)  # fmt: skip


def _run(name: str, ending: Ending | None, minutes: int, *kept: str, **more: Any) -> RunSummary:
    end = AT + minutes * MINUTE
    made = RunSummary(name, "example", "1.0.0", name, AT, end, "anna", "D1", ending, False, False, kept)
    return replace(made, ended_at=end if ending else None, **more)


def _one(*runs: RunSummary) -> Figures:
    (found,) = figures(runs, {"example": RUNBOOK})
    return found


def test_without_an_alert_the_time_to_acknowledge_is_unknown() -> None:
    """Not zero, and not the time since the opening."""
    assert acknowledged(_one(_run("r-1", Ending.RESOLVED, 10)).acknowledged) == NO_ALERT


def test_the_time_to_acknowledge_runs_from_the_alert_and_says_for_how_many_runs() -> None:
    """One of two is known."""
    found = _one(
        _run("r-1", Ending.RESOLVED, 10, alerted_at=AT - 4 * MINUTE), _run("r-2", Ending.RESOLVED, 10)
    )

    assert (240.0, 1, 2) == (found.acknowledged.mean, found.acknowledged.known, found.acknowledged.of)


def test_an_incident_is_resolved_when_its_last_run_is() -> None:
    """From the alert, or the first opening, over a hand-over, to RESOLVED; what was escalated is not counted as mended."""
    found = _one(
        _run("r-1", Ending.HANDED_OFF, 10, alerted_at=AT - 5 * MINUTE),
        _run("r-2", Ending.RESOLVED, 30, "A1", incident="r-1"),
        _run("r-3", Ending.ESCALATED, 90),
    )

    assert [35 * 60.0, None] == [each.seconds for each in found.incidents]
    assert {"A1": 1} == found.fixes
    assert "1 of 2 incidents: 1 from the alert" in resolved(found)


def test_a_run_that_found_another_incident_is_no_incident() -> None:
    """STOP says that this was not it."""
    assert _one(_run("r-1", Ending.STOPPED, 1)).incidents == ()


def test_steps_tell_machine_from_person_from_waiting_and_count_ways_back() -> None:
    """The second visit of a run is a way back; the time between two checks is nobody's."""
    visits = (StepVisit("D1", 100_000, 10_000, 30_000), StepVisit("D1", 200_000, 10_000))
    (step,) = _one(_run("r-1", Ending.RESOLVED, 10, visits=visits)).steps

    assert (2, 1, 125_000.0, 190_000) == (step.visits, step.went_back, step.person_ms, step.longest_person_ms)


def test_ways_that_came_to_nothing_and_ways_never_taken_are_named() -> None:
    """Left against the tree, ended without recovery, and the branch that no run took."""
    turns = (Turn("D1", "it lies", "D9", "overruled"), Turn("D1", "Yes", "RESOLVED", "matched"))
    found = _one(_run("r-1", Ending.ABANDONED, 10, turns=turns))

    assert {"left D1 for D9 against the tree": 1, "ended ABANDONED at D1": 1} == found.abandoned
    assert ("D1: No",) == found.never_taken


def test_the_page_shows_titles_as_text_and_has_no_script() -> None:
    """What a runbook is called is data."""
    page = stats_page([_one(_run("r-1", Ending.RESOLVED, 10, "A1"))], "All.").decode()

    assert "Example &lt;b&gt;" in page
    assert "<b>" not in page.split("</style>")[1].split("<h3>")[0]
    assert "<script" not in page
