"""Pages for paper: the same each time, and what is printed stays data."""

from __future__ import annotations

import sys

import pytest

from runbook_keys.errors import PrintingUnavailable
from runbook_keys.system.typeset import pdf, pictures

TEMPLATE = """
#set document(date: none)
#let data = json(bytes(sys.inputs.data))
#set page(width: 12cm, height: 4cm, margin: 3mm)
#data.words
"""
HOSTILE = '#read("/etc/hostname") #panic("x") $x$ *b* `r` \\ "" \u202e <a> @b // c'


def test_the_same_data_gives_the_same_bytes() -> None:
    """No clock, no machine and no chance is in a page."""
    made = pdf(TEMPLATE, {"words": "Is it over?"})

    assert made.startswith(b"%PDF-")
    assert made == pdf(TEMPLATE, {"words": "Is it over?"})
    assert made != pdf(TEMPLATE, {"words": "It is over."})


def test_words_that_look_like_markup_are_printed_as_they_stand() -> None:
    """Nothing in them is run: a file they name is not read, a failure they ask for does not happen."""
    template = TEMPLATE.replace("#data.words", '#assert(data.words.starts-with("#read")) #data.words')

    assert pdf(template, {"words": HOSTILE}).startswith(b"%PDF-")


def test_a_page_is_also_a_picture() -> None:
    """One PNG for each page, to look at."""
    two = TEMPLATE + "#pagebreak() Second."

    assert [b"\x89PNG", b"\x89PNG"] == [each[:4] for each in pictures(two, {"words": "First."})]


def test_without_typst_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """No trace on the screen, but the line to type."""
    monkeypatch.setitem(sys.modules, "typst", None)

    with pytest.raises(PrintingUnavailable, match="pip install"):
        pdf(TEMPLATE, {"words": ""})
