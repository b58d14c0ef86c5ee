"""The printed page and the diagram: everything is on them, and nothing on them is read as markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from a_book import SOUND, book_with, text_with
from hypothesis import given
from hypothesis import strategies as st

from runbook_keys.book.checklist import checklist, readme_digest
from runbook_keys.book.diagram import mermaid
from runbook_keys.book.digest import pack_digest
from runbook_keys.book.markdown import BlockKind, outline
from runbook_keys.book.metadata import read_metadata
from runbook_keys.book.paper import WIDTH, wrapped, wrapped_prose
from runbook_keys.book.parse import parse

SHIPPED = Path(__file__).parents[2] / "library/runbooks/stripe-webhook-failure"
BOOK = book_with()
PAGE = checklist(BOOK.runbook, BOOK.source)
HOSTILE = [
    '"]; click D1 "javascript:alert(1)"',
    "end",
    "<script>alert(1)</script>",
    "%%{init: {}}%%",
    "a --> b",
    "`code` \\ #quot; |pipe|",
    "\u202eevil\u202c \u200b",
    "subgraph x[",
    "[x](javascript:y)",
    "**bold** _under_ ~tilde~",
]


def test_every_step_way_out_and_box_is_on_the_page() -> None:
    """A person follows it without a machine."""
    for step in BOOK.runbook.steps:
        assert f"### [ ] {step.label}. {step.title}\n" in PAGE
    flat = " ".join(PAGE.split())
    for branch in (branch for step in BOOK.runbook.steps for branch in step.branches):
        assert f"- [ ] {branch.words}" in flat
        assert branch.condition is None or f"`{branch.condition}`" in flat
    assert "(at most 2: [ ] [ ], then **ESCALATE**)" in flat
    assert flat.count("[ ] ____:____") == 13
    assert "Write down `USED_PERCENT`" in PAGE
    assert "**IRREVERSIBLE: this can't be undone.**" in flat
    assert "- [ ] Root cause: ____" in PAGE


def test_do_not_and_call_for_help_come_before_the_first_step() -> None:
    """What must not be missed at night stands first."""
    order = [PAGE.index(each) for each in ("## Do not", "## Call for help", "### [ ] S1.")]
    assert order == sorted(order)


@pytest.mark.parametrize(
    "readme", [SOUND.encode(), (SHIPPED / "README.md").read_bytes()], ids=["sound", "shipped"]
)
def test_lines_of_words_fit_the_page(readme: bytes) -> None:
    """Only commands, headings and the digest may be wider: they can't be broken."""
    page = checklist(parse(readme).runbook, readme, read_metadata((SHIPPED / "pack.json").read_bytes())[0])
    fenced = {
        line
        for block in outline(page).blocks
        if block.kind in (BlockKind.FENCE, BlockKind.HEADING, BlockKind.HTML)
        for line in range(block.line, block.end_line + 1)
    }
    wide = [
        line for number, line in enumerate(page.split("\n"), 1) if number not in fenced and len(line) > WIDTH
    ]
    assert [line for line in wide if len(line.split()) > 1 and "`" not in line] == []


def test_the_page_names_the_text_that_it_was_made_from() -> None:
    """Else nobody knows whether the paper is old."""
    digest = readme_digest(PAGE)
    assert digest is not None
    assert digest != readme_digest(checklist(BOOK.runbook, BOOK.source + b"\n"))
    assert readme_digest("# Another page") is None


@given(
    st.lists(
        st.sampled_from("> >5 - + * # ## 1. 2) == --- ``` <b </b words and more | a".split()), max_size=60
    )
)
def test_no_line_break_turns_words_into_markup(words: list[str]) -> None:
    """A condition such as `json.count > 5` must not print as a quotation."""
    lines = wrapped(" ".join(["Start", *words]), "- [ ] ").split("\n")
    for line in lines[1:]:
        assert re.match(r" *(?:>|#{1,6}(?: |$)|[-+*](?: |$)|[0-9]+[.)](?: |$)|`{3}|<[/a-z])", line) is None
    assert " ".join(" ".join(lines).split()) == " ".join(["- [ ] Start", *words])


def test_prose_is_wrapped_and_code_is_not() -> None:
    """What a person types must stay one line."""
    words, code = "word " * 40, "command " * 40
    text = wrapped_prose(f"{words}\n\n- {words}\n\n```text\n{code}\n```\n\n    {code}\n| {words}")
    lines = text.split("\n")
    assert lines.count(code) == 1
    assert f"    {code}" in lines
    assert f"| {words}" in lines
    assert all(len(line) <= WIDTH for line in lines if line.startswith(("word", "- word", "  word")))


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_stays_words_on_paper(title: str) -> None:
    """It adds no heading, link, image or HTML to the page."""
    book = parse(text_with("Is a backup running?", title.replace("\\", "\\\\")).encode())
    page = checklist(book.runbook, book.source)
    assert [b.kind for b in outline(page).blocks].count(BlockKind.HEADING) == [
        b.kind for b in outline(PAGE).blocks
    ].count(BlockKind.HEADING)
    assert "<script>" not in page.replace("\\<script>", "")


def _labels(diagram: str) -> list[str]:
    return re.findall(r'"([^"\n]*)"', diagram)


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("old", ["Is a backup running?", "It is running"])
def test_hostile_words_stay_inside_their_label(old: str, words: str) -> None:
    """Nothing in a title or an answer is read as Mermaid or HTML."""
    plain, changed = mermaid(BOOK.runbook), mermaid(parse(text_with(old, f"So {words}").encode()).runbook)
    assert re.sub(r'"[^"\n]*"', '""', changed) == re.sub(r'"[^"\n]*"', '""', plain)
    assert not any(re.search(r"[<>`\\|{}\[\]%~*]", label) for label in _labels(changed))


def test_the_diagram_has_a_box_for_each_step_and_an_arrow_for_each_way_out() -> None:
    """Endings have shapes of their own, and a class is said in words."""
    diagram = mermaid(BOOK.runbook)
    arrows = re.findall(r"^    (\w+) (?:-->|-\.->)\|\"[^\"]*\"\| (\w+)$", diagram, re.MULTILINE)
    branches = [branch for step in BOOK.runbook.steps for branch in step.branches]
    assert len(arrows) == len(branches) + 1
    boxes = set(re.findall(r"^    (\w+)(?:\(\[|\[\[|\{\{|\[/|\[|\()\"", diagram, re.MULTILINE))
    assert {step.label for step in BOOK.runbook.steps} <= boxes
    assert {name for pair in arrows for name in pair} <= boxes
    assert "IRREVERSIBLE" in diagram


def test_a_pack_is_named_by_what_a_run_depends_on() -> None:
    """`sha256sum README.md pack.json | sha256sum` gives the same."""
    files = {"README.md": b"a", "pack.json": b"b"}
    assert pack_digest(files) == pack_digest({**files, "CHANGELOG.md": b"c", "checklist.md": b"d"})
    assert pack_digest(files) != pack_digest({**files, "README.md": b"A"})
    assert pack_digest(files) != pack_digest({"README.md": b"b", "pack.json": b"a"})
