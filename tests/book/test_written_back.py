"""A runbook written back: what changed is on its line, and no other byte is touched."""

from __future__ import annotations

import pytest
from a_book import SOUND, book_with
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from runbook_keys.book.book import Book
from runbook_keys.book.parse import parse
from runbook_keys.book.render import render
from runbook_keys.errors import InvalidPack
from runbook_keys.model.runbook import (
    Branch,
    End,
    Ending,
    GoTo,
    HandOff,
    RollBack,
    Runbook,
    SafetyClass,
    Step,
)

TARGETS = [
    GoTo("D1"),
    End(Ending.RESOLVED),
    End(Ending.STOPPED),
    HandOff("host-outage"),
    RollBack("A1", End(Ending.ESCALATED)),
]


def _changed(book: Book, label: str, **fields: object) -> Runbook:
    steps = tuple(replace(step, **fields) if step.label == label else step for step in book.runbook.steps)
    return replace(book.runbook, steps=steps)


def _step(runbook: Runbook, label: str) -> Step:
    step = runbook.step(label)
    assert step is not None
    return step


def _differing(one: bytes, other: bytes) -> list[int]:
    pairs = zip(one.splitlines(), other.splitlines(), strict=True)
    return [number for number, (old, new) in enumerate(pairs, 1) if old != new]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_one_changed_target_changes_one_line(ending: str, start: str) -> None:
    """Line endings and a byte order mark stay as they are."""
    book = parse((start + SOUND.replace("\n", ending)).encode())
    first, *others = _step(book.runbook, "D3").branches
    wanted = _changed(book, "D3", branches=(replace(first, target=GoTo("A1")), *others))
    written = render(book, wanted)
    assert _differing(book.source, written) == [first.line]
    assert parse(written).runbook == wanted


def test_the_author_s_markup_stays_where_words_did_not_change() -> None:
    """Only what changed is written anew."""
    book = book_with("- Yes → A2", "* **Yes**, a `large` one: ``a == '1'`` -> A2")
    first, *_ = _step(book.runbook, "D3").branches
    written = render(book, _changed(book, "D3", branches=(replace(first, target=GoTo("A1")),)))
    assert b"* **Yes**, a `large` one: `a == '1'` \xe2\x86\x92 A1\n" in written


def test_a_heading_is_written_with_its_label_title_and_class() -> None:
    """A class is argued, so it can be changed."""
    book = book_with()
    wanted = _changed(
        book, "A2", title="Remove [old] logs", safety=SafetyClass.REVERSIBLE, is_class_declared=True
    )
    written = render(book, wanted)
    assert _step(parse(written).runbook, "A2").title == "Remove [old] logs"
    assert _differing(book.source, written) == [_step(book.runbook, "A2").line]


def test_a_block_s_attributes_are_written_to_its_opening() -> None:
    """The command itself is the author's."""
    book = book_with()
    block = _step(book.runbook, "D1").block
    assert block is not None
    wanted = _changed(book, "D1", block=replace(block, timeout_seconds=90.0, capture=None))
    written = render(book, wanted)
    assert b"```bash {timeout=90s}\ndf " in written
    assert parse(written).runbook == wanted


def test_every_attribute_is_written_back() -> None:
    """A changed time must not lose what else stands in the braces."""
    attributes = "capture=OLD_ORDERS artifact=orders output=none mode=undo"
    book = book_with("```key order-archive", f"```key order-archive {{{attributes}}}")
    block = _step(book.runbook, "A1").block
    assert block is not None
    written = render(book, _changed(book, "A1", block=replace(block, timeout_seconds=7.0)))
    assert f"```key order-archive {{timeout=7s {attributes}}}\n".encode() in written


def test_what_stands_on_no_line_of_ours_is_not_written() -> None:
    """Prose is changed in the file itself."""
    book = book_with()
    with pytest.raises(InvalidPack):
        render(book, replace(book.runbook, title="Another"))
    with pytest.raises(InvalidPack):
        render(book, replace(book.runbook, steps=book.runbook.steps[:-1]))
    with pytest.raises(InvalidPack):
        render(book, _changed(book, "D3", prose="Look elsewhere."))


WORDS = st.from_regex(r"[A-Za-z][A-Za-z`*_<>&#|~\[\]\\()+ -]{0,30}[a-z]", fullmatch=True)
BRANCHES = st.builds(
    Branch,
    words=WORDS.map(lambda words: " ".join(words.split())),
    target=st.sampled_from(TARGETS),
    line=st.just(0),
    condition=st.none() | st.sampled_from(["exit_code == 0", "stdout == '`'", 'stdout.contains("a → b")']),
)


@given(st.lists(BRANCHES, min_size=1, max_size=6))
def test_ways_out_written_are_ways_out_read(branches: list[Branch]) -> None:
    """Whatever the words hold, they come back as they were; writing again changes nothing."""
    book = book_with()
    written = render(book, _changed(book, "D3", branches=tuple(branches)))
    again = parse(written)
    read = _step(again.runbook, "D3").branches
    assert [(b.words, b.condition, b.target) for b in read] == [
        (b.words, b.condition, b.target) for b in branches
    ]
    assert render(again, again.runbook) == written
