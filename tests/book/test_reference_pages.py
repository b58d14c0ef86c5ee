"""The reference pages: every example is read, and is sound or refused as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runbook_keys.book.conditions import check, evaluate
from runbook_keys.book.headings import SECTION_OF_KIND
from runbook_keys.book.markdown import BlockKind, outline
from runbook_keys.book.metadata_page import metadata_page
from runbook_keys.book.parse import parse
from runbook_keys.book.sections import TITLES
from runbook_keys.errors import InvalidCondition
from runbook_keys.model.runbook import StepKind

REFERENCE = Path(__file__).parents[2] / "docs/reference"
FORMAT = (REFERENCE / "format.md").read_text("utf-8")
CONDITIONS = (REFERENCE / "conditions.md").read_text("utf-8")
FACTS: dict[str, object] = {
    "exit_code": 0,
    "json": {"state": "idle", "items": [{"id": 1}, {"id": 2}]},
    "STATUS": "503",
}


def _examples(page: str, language: str) -> list[tuple[str, str]]:
    fences = [block for block in outline(page).blocks if block.kind is BlockKind.FENCE]
    found = [(block.info.removeprefix(language).strip(), block.text) for block in fences]
    return [each for each, block in zip(found, fences, strict=True) if block.info.startswith(language)]


MARKDOWN = _examples(FORMAT, "markdown")


def _runbook_with(piece: str) -> str:
    """The piece where it belongs among ten sections: a section, a step, or ways out of a step."""
    if piece.startswith("## "):
        return "# Example\n\n" + piece
    label = re.match(r"### ([SDAVRE])1", piece)
    step = piece if label else f"### D1. Is it so?\n\n{piece}"
    home = SECTION_OF_KIND[StepKind(label[1])] if label else 5
    return "# Example\n\n" + "\n".join(
        f"## {number}. {title}\n\n{step if number == home else ''}\n" for number, title in TITLES.items()
    )


@pytest.mark.parametrize(("said", "piece"), MARKDOWN, ids=lambda text: ascii(text[:30]))
def test_an_example_of_the_format_is_what_the_page_says(said: str, piece: str) -> None:
    """Sound, or refused with the named kind of problem."""
    found = {problem.kind for problem in parse(_runbook_with(piece).encode()).problems}
    wanted = {said.removeprefix("refused=")} if said else set()
    assert found - {"missing-section"} == wanted


def test_the_format_page_shows_what_is_taken_and_what_is_refused() -> None:
    """A page without examples would pass the test above."""
    assert sum(not said for said, _ in MARKDOWN) >= 9
    assert sum(said.startswith("refused=") for said, _ in MARKDOWN) >= 10


@pytest.mark.parametrize("section", TITLES.values())
def test_the_format_page_names_every_section(section: str) -> None:
    """Authors look here for the exact words."""
    assert section in FORMAT


@pytest.mark.parametrize("source", "".join(t for s, t in _examples(CONDITIONS, "cel") if not s).splitlines())
def test_a_condition_of_the_page_holds(source: str) -> None:
    """Over the facts that the page names."""
    check(source, {"STATUS"})
    assert evaluate(source, FACTS)


@pytest.mark.parametrize("source", "".join(t for s, t in _examples(CONDITIONS, "cel") if s).splitlines())
def test_a_condition_that_the_page_refuses_is_refused(source: str) -> None:
    """With the column and the mend."""
    with pytest.raises(InvalidCondition):
        check(source, {"STATUS"})


def test_the_page_of_pack_json_is_made_from_the_model_as_it_is() -> None:
    """Else run scripts/pack-page."""
    assert (REFERENCE / "pack-json.md").read_text("utf-8") == metadata_page()
