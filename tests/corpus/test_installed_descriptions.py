"""Markdown and other text from the wild: the long descriptions of every installed distribution."""

from __future__ import annotations

from importlib.metadata import distributions

import pytest
from invariants import assert_lint_holds, assert_the_book_holds

from runbook_keys.book.sections import TITLES


def _descriptions() -> dict[str, str]:
    found = {}
    for distribution in distributions():
        text = distribution.metadata.get_payload() or distribution.metadata.get("Description") or ""
        found[distribution.name] = str(text)
    return {name: text for name, text in sorted(found.items()) if text.strip()}


DESCRIPTIONS = _descriptions()


def _inside_a_runbook(text: str) -> str:
    """Each tenth of the text in a section of its own, under a step where there are steps."""
    lines = text.replace("\r", "").split("\n")
    size = len(lines) // 10 + 1
    pieces = ["# Wild\n"]
    for number, title in TITLES.items():
        step = f"### {'SDAVRE'[number - 4]}1. Is it so?\n" if 4 <= number <= 9 else ""
        part = "\n".join(lines[(number - 1) * size : number * size])
        pieces.append(f"## {number}. {title}\n\n{step}\n{part}\n\n- Anything else → ESCALATE\n")
    return "\n".join(pieces)


def test_there_is_a_corpus() -> None:
    """A test over nothing proves nothing."""
    assert len(DESCRIPTIONS) >= 20


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_description_from_the_wild_is_read_and_written_back(name: str) -> None:
    """As it is, and cut into the sections of a runbook."""
    text = DESCRIPTIONS[name]
    for each in (text, _inside_a_runbook(text), _inside_a_runbook(text).replace("\n", "\r\n")):
        assert_the_book_holds(each.encode("utf-8", "surrogateescape"))
    assert_lint_holds(_inside_a_runbook(text).encode("utf-8", "surrogateescape"))
