"""The draft of a post-mortem: what the record knows is written, what only people know is asked once."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path

import pytest
from a_journal import ESCALATED, SLUG, Journal
from hypothesis import given
from hypothesis import strategies as st

from runbook_keys.engine import inputs as i
from runbook_keys.evidence.markdown import code, md
from runbook_keys.evidence.plots_timeline import timeline
from runbook_keys.evidence.postmortem.story import stretches
from runbook_keys.model.event import RunKind
from runbook_keys.operations.reports.postmortem import draft
from runbook_keys.operations.stories import stories_of_incident


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal with the runbook installed."""
    made = Journal(tmp_path)
    made.install()
    return made


def test_what_a_person_decided_stands_there_with_who_and_why(journal: Journal) -> None:
    """A look that was passed over is told, and listed where the runbook had no answer."""
    run = journal.run(timedelta(minutes=2), i.Skip("the console is down"), i.Abandon("moved to the vendor"))
    text = journal.do(lambda at: draft(at, run)).files["postmortem.md"].decode()

    assert "anna opened" in text
    assert "| anna | **skipped** S1" in text
    assert "skipped: the console is down" in text
    assert "Nothing was changed." in text


def test_every_question_stands_once_in_the_list_and_once_in_its_place(journal: Journal) -> None:
    """What nobody knew is asked; the number of questions is what is announced."""
    run = journal.run(*ESCALATED)
    made = journal.do(lambda at: draft(at, run))
    text = made.files["postmortem.md"].decode()

    assert made.questions > 0
    assert f"{made.questions} questions are left for people" in text
    for number in range(1, made.questions + 1):
        question = text.split(f"> **Question {number}.** ")[1].splitlines()[0]
        assert 2 == text.count(question)


def test_practice_is_called_practice_and_asks_for_no_alert(journal: Journal) -> None:
    """Nobody may take a drill for an incident."""
    run = journal.run(*ESCALATED, kind=RunKind.DRILL)
    text = journal.do(lambda at: draft(at, run)).files["postmortem.md"].decode()

    assert "This was practice" in text
    assert "When did the alert fire" not in text


def test_the_runs_of_one_incident_are_told_together(journal: Journal) -> None:
    """A hand-over is one story; a run of another incident is not in it."""
    first = journal.run(*ESCALATED)
    other = journal.run(*ESCALATED)
    second = journal.run(*ESCALATED, incident=first, came_from=first)
    made = journal.do(lambda at: draft(at, second))

    assert made.runs == (first, second)
    assert f"handed over from run {first}" in made.files["postmortem.md"].decode()
    assert other not in made.files["postmortem.md"].decode()
    assert set(made.files) == {"postmortem.md", f"timeline-{first}.svg", f"timeline-{second}.svg"}


def test_the_time_of_a_run_is_told_without_gaps(journal: Journal) -> None:
    """What it was spent on adds up to the whole run; time in which nobody was there is called so."""
    run = journal.run(
        timedelta(minutes=2),
        i.Skip("seen"),
        timedelta(hours=5),
        i.Resume(),
        timedelta(minutes=1),
        i.Escalate("no"),
    )
    (story,) = journal.do(lambda at: stories_of_incident(at, run))
    found = stretches(story.entries)

    assert sum((each.lasted for each in found), timedelta()) == timedelta(
        seconds=story.summary.lasted_seconds
    )
    assert [("diagnosis", 120.0), ("nobody there", 18000.0), ("diagnosis", 60.0)] == [
        (each.spent, each.lasted.total_seconds()) for each in found
    ]
    assert 180_000 == sum(visit.person_ms for visit in story.summary.visits)


def test_the_picture_is_whole_xml_whatever_the_run_is_called(journal: Journal) -> None:
    """A reader of SVG takes it, and a title in it is text."""
    journal.install((f"# {SLUG.replace('-', ' ').title()}", "# <script>alert(1)</script> & more"))
    run = journal.run(*ESCALATED)
    (story,) = journal.do(lambda at: stories_of_incident(at, run))
    picture = timeline(story)

    assert ET.fromstring(picture).tag.endswith("svg")
    assert "<script" not in picture


@given(st.text())
def test_untrusted_text_stays_text_in_markdown(text: str) -> None:
    """No table cell is left, no tag or link begins, and nothing that a terminal obeys is in it."""
    shown = md(text)

    assert "\n" not in shown
    assert all(char.isprintable() for char in shown)
    assert all(shown[at - 1] == "\\" for at, char in enumerate(shown) if char in "<|[`*_")


@given(st.text())
def test_untrusted_text_cannot_leave_its_code_span(text: str) -> None:
    """The fence is longer than any run of backticks in it."""
    shown = code(text)
    fence = shown[: len(shown) - len(shown.lstrip("`"))]

    assert not shown or shown.endswith(fence)
    assert fence + "`" not in shown or not fence
