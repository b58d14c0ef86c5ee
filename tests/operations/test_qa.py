"""The QA report: made of results alone, the same each time, and plain about what is missing."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runbook_keys.bootstrap import services
from runbook_keys.drills.effort import Compared, Effort
from runbook_keys.drills.effort_page import effort_page
from runbook_keys.drills.qa_page import PageFacts, Results, page
from runbook_keys.drills.records import EffortRecord, drills_of, efforts_of, mutation_of
from runbook_keys.operations.practice.qa import digests, kept, page_facts, pages

DOCS = Path(__file__).parents[2] / "docs"
SLUG = "stripe-webhook-failure"


def _results() -> Results:
    parts = {
        name: json.loads((DOCS / "qa" / f"{name}.json").read_text("utf-8"))
        for name in ("about", "drills", "mutation", "effort")
    }
    return msgspec.convert({**parts.pop("about"), **parts}, Results)


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> tuple[PageFacts, ...]:
    """What stands on the shipped runbooks' pages."""
    home = tmp_path_factory.mktemp("home")

    async def look() -> tuple[PageFacts, ...]:
        async with services({}, home=home) as opened:
            return page_facts(opened)

    return asyncio.run(look())


def _printed(
    failures: tuple[str, ...] = (), *, is_whole: bool = True, effort: Compared | None = None
) -> bytes:
    """What `keys drill --format json` prints, of one drill."""
    result = {
        "slug": SLUG,
        "drill": "one-drill",
        "fault": "one-fault",
        "run": "r-20260102-0312-k7qm",
        "ending": "RESOLVED",
        "path": ["S1", "D1"],
        "questions": 1,
        "milliseconds": 2500,
        "failures": failures,
        "effort": effort,
    }
    coverage: dict[str, Any] = {
        "total": 4,
        "taken": ["S1: Yes", "V1: No (limit reached)"],
        "excused": {"S1: No": "nobody can cause it"},
        "unexplained": ["D1: Maybe"],
    }
    report = {"slug": SLUG, "runbook": {}, "results": [result], "coverage": coverage, "is_whole": is_whole}
    return msgspec.json.encode([report, {**report, "slug": "undrilled", "results": []}])


def _mutants(most: int = 0) -> bytes:
    mutant = {"kind": "step dropped", "line": 7, "what": "D1 is gone", "steps": [], "source": ""}
    caught = [mutant] * 2
    return msgspec.json.encode(
        {
            "slug": SLUG,
            "by_rules": caught,
            "by_drills": caught,
            "survivors": [mutant],
            "most": most,
            "seed": 3,
        }
    )


def test_the_pages_are_what_the_script_makes(tmp_path: Path) -> None:
    """Nothing on them was typed by hand, and nothing is stale."""

    async def made() -> dict[str, str]:
        async with services({}, home=tmp_path) as opened:
            return pages(opened, _results())

    for name, text in asyncio.run(made()).items():
        assert text == (DOCS / name).read_text("utf-8"), f"{name}: run scripts/qa-report"


def test_the_figures_are_those_of_the_results(facts: tuple[PageFacts, ...]) -> None:
    """Drills, coverage, limits, the median, mutants and survivors with their lines."""
    known = {each.slug: each.digest for each in facts}
    drills = tuple(drills_of(_printed(), known))
    mutation = (mutation_of(_mutants(), known, "2026-01-03"),)
    text = page(facts, Results("1.2.3", "2026-01-04", drills, mutation))

    assert "- 1 of 1 drills passed; 1 ways out neither taken nor excused." in text
    assert f"| {SLUG} | 2026-01-02 | 1 | 1 | 0 | 1 | 2 of 4 | 1 of 1 | 1 | 1 | 2.5 |" in text
    assert f"- {SLUG}, S1: No: nobody can cause it" in text
    assert f"- {SLUG}, D1: Maybe" in text
    assert f"| {SLUG} | 2026-01-03 | 5 | 2 | 2 | 1 | 80 % |" in text
    assert f"- {SLUG}, README.md:7: step dropped, `D1 is gone`" in text
    assert "runbook-keys 1.2.3; results kept on 2026-01-04" in text


def test_what_is_missing_is_said_before_any_figure(facts: tuple[PageFacts, ...]) -> None:
    """Part of a run, a sample of mutants, a text that has changed since, a runbook without results, a failed drill."""
    known = {each.slug: "of another text" for each in facts}
    drills = tuple(drills_of(_printed(("It ended otherwise.",), is_whole=False), known))
    mutation = (mutation_of(_mutants(most=20), known, "2026-01-03"),)
    text = page(facts, Results("1.2.3", "2026-01-04", drills, mutation))
    head = text[: text.index("## Structure")]

    assert f"**Only some of the drills were run: {SLUG}.**" in head
    assert f"**The text has changed since the results were kept: {SLUG}.**" in head
    assert "**Not drilled in the last run: ai-output-regression" in head
    assert f"{SLUG}" in head[head.index("Not all mutants were looked at") :]
    assert "- 0 of 1 drills passed" in head
    assert f"- {SLUG}: `one-drill` failed." in text
    assert "2 of 4" not in text, "coverage of some drills says nothing"
    assert "(a sample, seed 3)" in text


def test_new_results_take_the_place_of_those_of_the_same_runbook(tmp_path: Path) -> None:
    """The others stay, with their own day."""
    compared = Compared(Effort(words=10), Effort(words=20), 1.5, Effort(words=5))
    other = EffortRecord("another-runbook", "a-drill", "2025-12-31", compared)

    async def kept_now() -> tuple[Results, str]:
        async with services({}, home=tmp_path) as opened:
            earlier = Results(
                "1", "2025-12-31", effort=(other, EffortRecord(SLUG, "old", "2025-12-31", compared))
            )
            found = kept(opened, earlier, [_printed(effort=compared)], [_mutants()], "2", "2026-01-04")
            return found, digests(opened)[SLUG]

    found, digest = asyncio.run(kept_now())

    assert [("another-runbook", "a-drill"), (SLUG, "one-drill")] == [(e.slug, e.drill) for e in found.effort]
    assert [digest] == [each.digest for each in found.drills]
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=Results)


def test_a_failed_drill_is_no_measurement() -> None:
    """How long a wrong way takes says nothing about the right one."""
    compared = Compared(Effort(words=10), Effort(words=20), 1.5)

    assert [] == efforts_of(_printed(("It ended otherwise.",), effort=compared))
    assert [compared] == [each.compared for each in efforts_of(_printed(effort=compared))]


def test_what_an_older_model_measured_is_left_out() -> None:
    """It counted otherwise; a part that it did not know would stand there as no effort at all."""
    reports = json.loads(_printed(effort=Compared(Effort(words=10), Effort(words=20), 1.5)))
    del reports[0]["results"][0]["effort"]["auto"]

    assert [] == efforts_of(json.dumps(reports).encode())


@pytest.mark.parametrize(
    ("with_keys", "answer"),
    [
        (30, "the promise of 50 % less holds"),
        (60, "less time is claimed, at least 27 % with the error taken off; 50 % is not shown"),
        (90, "the promise does not hold, and no gain is claimed"),
        (150, "the promise does not hold; KEYS takes no less time"),
    ],
)
def test_the_answer_about_operator_time_is_plain(with_keys: int, answer: str) -> None:
    """It follows from the ratios, the three bounds and the model's error alone."""
    compared = Compared(Effort(words=with_keys), Effort(words=100), 0, Effort(words=with_keys))

    text = effort_page([EffortRecord("slug", "drill", "2026-01-02", compared)], "picture.svg")

    assert f"- **each look confirmed**: {answer}" in text
    assert f"- **`--auto safe`**: {answer}" in text


def test_the_script_makes_the_pages_again_and_changes_nothing() -> None:
    """As a person runs it."""
    names = ("FINAL_QA_REPORT.md", "reference/operator-time.md", "reference/operator-time.svg")
    before = [(DOCS / name).read_bytes() for name in names]

    done = subprocess.run(
        [sys.executable, str(DOCS.parent / "scripts/qa-report")], capture_output=True, text=True, timeout=120
    )

    assert 0 == done.returncode, done.stderr
    assert before == [(DOCS / name).read_bytes() for name in names]
