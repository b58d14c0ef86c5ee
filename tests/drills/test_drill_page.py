"""The page of drills: a person sees at a glance what was taken, and hostile words stay words."""

from __future__ import annotations

from html.parser import HTMLParser

from runbook_keys.drills.page import page
from runbook_keys.drills.result import Coverage, DrillResult, Judgement
from runbook_keys.model.runbook import Branch, End, Ending, GoTo, Runbook, SafetyClass, Step, StepKind

HOSTILE = "<script>alert(1)</script>"


def _step(label: str, *branches: Branch) -> Step:
    return Step(label, StepKind(label[0]), f"Step {label} {HOSTILE}", 1, SafetyClass.SAFE, branches=branches)


RUNBOOK = Runbook(
    f"Example {HOSTILE}",
    steps=(
        _step(
            "D1",
            Branch(f"Yes {HOSTILE}", GoTo("V1"), 1, "x"),
            Branch("Anything else", End(Ending.ESCALATED), 2),
        ),
        _step("V1", Branch("Good", End(Ending.RESOLVED), 3, "x"), Branch("Anything else", GoTo("D1"), 4)),
    ),
)
RESULT = DrillResult(
    "example",
    f"fault {HOSTILE}",
    HOSTILE,
    "f",
    "r-1",
    Ending.RESOLVED,
    Judgement(True),
    ("D1", "V1"),
    (),
    1,
    1234,
    (),
    (),
)
COVERAGE = Coverage(
    4, (f"D1: Yes {HOSTILE}", "V1: Good"), {"V1: Anything else": f"why {HOSTILE}"}, ("D1: Anything else",)
)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.append(tag)


def test_each_way_out_is_drawn_with_what_became_of_it() -> None:
    """Taken, excused and not taken are told apart in words and strokes too, not by colour alone."""
    html = page([(RUNBOOK, [RESULT], COVERAGE)])

    assert 2 == html.count("(taken)</title>")
    assert 1 == html.count("(excused)</title>")
    assert 1 == html.count("(not taken)</title>")
    assert 2 == html.count("<path")
    assert "2 of 4 branches taken (50 %), 1 excused, 1 not taken." in html
    assert "1 drills, all passed." in html


def test_hostile_words_are_shown_and_never_obeyed() -> None:
    """Titles, answers, faults and reasons come from packs of others."""
    parser = _Tags()
    parser.feed(page([(RUNBOOK, [RESULT], COVERAGE)]))

    assert "script" not in parser.tags


def test_a_failed_drill_says_why() -> None:
    """The table and the first sentence."""
    failed = DrillResult(
        "example",
        "f",
        "d",
        "f",
        "r-1",
        None,
        Judgement(False),
        (),
        (),
        0,
        5,
        (),
        ("It ended before its end.",),
    )
    html = page([(RUNBOOK, [RESULT, failed], COVERAGE)])

    assert "2 drills, 1 failed." in html
    assert "FAILED</span>: It ended before its end." in html
