"""Pages for paper: every word of the page is there, text stays text, the same page gives the same bytes."""

from __future__ import annotations

import re
import sys
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from a_journal import ESCALATED, Journal

from runbook_keys.engine import inputs as i
from runbook_keys.errors import PrintingUnavailable
from runbook_keys.evidence.html import excerpt, facts, grid, page, shown
from runbook_keys.evidence.printed_page import printed
from runbook_keys.model.event import RunKind
from runbook_keys.model.printed import Facts, Grid, Heading, Lines, Picture, Printed, Prose
from runbook_keys.operations.reports.export import export, paper_of
from runbook_keys.operations.reports.postmortem import draft
from runbook_keys.operations.reports.report import FRAMEWORKS, Form, report
from runbook_keys.operations.services import Services
from runbook_keys.system.printing import TypstPrinter

DAY = date(2026, 11, 23)
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
HOSTILE = [
    '#panic("x")',
    '#read("/etc/passwd")',
    '#image("/etc/passwd")',
    "$sum_(i=0)^n$ *bold* _it_ `raw` @ref <label> = heading - item // comment /* more",
    "] } ) [ { ( \\ \\u{41} \\#",
    '"; rm -rf ~ #',
    "x" * 5000,
    "\u4f60\u597d \u05d0\u05d1 \U0001f4a5 \u202e",
    "\x00\x1b[2J",
]


def _words(one: Printed) -> list[str]:
    """Everything that stands on the page, word by word."""
    texts: list[str] = []
    for part in one.parts:
        match part:
            case Heading(text=text) | Lines(text=text):
                texts.append(text)
            case Facts(pairs=pairs):
                texts += [text for pair in pairs for text in pair]
            case Grid(head=head, rows=rows):
                texts += head
                texts += [_said(each) for row in rows for cell in row for each in cell]
            case Prose():
                texts.append(_said(part))
            case Picture():
                pass
    return " ".join(texts).split()


def _said(part: Prose | Lines) -> str:
    return part.text if isinstance(part, Lines) else "".join(span.text for span in part.spans)


class _Words(HTMLParser):
    """The words that a browser shows."""

    def __init__(self) -> None:
        super().__init__()
        self.found, self.hidden = "", 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        """Between blocks there is a space; the head is not shown."""
        self.hidden += tag in ("head", "style", "title")
        self.found += "" if tag in ("b", "strong", "code", "span", "a", "em") else " "

    def handle_endtag(self, tag: str) -> None:
        """The same at the end."""
        self.hidden -= tag in ("head", "style", "title")
        self.found += "" if tag in ("b", "strong", "code", "span", "a", "em") else " "

    def handle_data(self, data: str) -> None:
        """Words."""
        self.found += "" if self.hidden else data


def _shown(html: bytes) -> list[str]:
    reader = _Words()
    reader.feed(html.decode())
    return reader.found.split()


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal with an incident that went beside the tree, and a drill."""
    made = Journal(tmp_path)
    made.install()
    made.run(*ESCALATED, kind=RunKind.DRILL)
    made.run(i.Skip(HOSTILE[3]), i.Abandon(HOSTILE[0]), accepted_findings=HOSTILE[4])
    return made


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_word_of_a_control_report_stands_on_paper(journal: Journal, framework: str) -> None:
    """In its order, and none besides: the PDF says what the page says."""
    html = journal.do(lambda at: report(at, framework, *YEAR)).files["report.html"]

    assert _words(printed(html, DAY, "", "")) == _shown(html)


def test_every_word_of_a_run_s_report_stands_on_paper(journal: Journal) -> None:
    """With what somebody typed as it was typed."""

    async def take(at: Services) -> bytes:
        return (await export(at, (await at.store.runs())[1].run)).files["data/report.html"]

    html = journal.do(take)
    found = _words(printed(html, DAY, "", ""))

    assert found == _shown(html)
    assert HOSTILE[3] in " ".join(found)


def test_reports_runs_and_drafts_become_pdf(journal: Journal) -> None:
    """Each with what people wrote in it; the tables stay beside the report."""

    async def made(at: Services) -> list[bytes]:
        run = (await at.store.runs())[1].run
        reported = (await report(at, "soc2", *YEAR, Form.PDF)).files
        drafted = (await draft(at, run, is_for_paper=True)).files
        assert set(reported) > {"report.pdf", "population.csv", "evidence.csv"}
        assert set(drafted) == {"postmortem.md", "postmortem.pdf"}
        return [reported["report.pdf"], paper_of(at, await export(at, run)), drafted["postmortem.pdf"]]

    first, second = journal.do(made), journal.do(made)

    assert all(each.startswith(b"%PDF-1.7") and b"pdfaid" in each for each in first)
    assert first == second


def test_text_that_is_markup_elsewhere_stays_text() -> None:
    """Nothing of it is run or read: a `#panic` would stop the setting, a `#read` would need a file."""
    html = page(
        HOSTILE[0],
        [
            f"<h1>{shown(HOSTILE[0])}</h1>",
            *(f"<p>{shown(text)}</p>" for text in HOSTILE),
            facts([(text, text) for text in HOSTILE]),
            grid(("#panic()", "b"), [(shown(text), excerpt(text, 9, 9999)) for text in HOSTILE], ""),
        ],
    )
    paper = printed(html, DAY, HOSTILE[0], HOSTILE[1])

    assert '#panic("x")' in " ".join(_words(paper))
    made = TypstPrinter().pdf(paper, {})
    assert made == TypstPrinter().pdf(paper, {})
    assert made.startswith(b"%PDF-")


def test_a_long_table_goes_over_many_sheets_and_a_narrow_column_is_not_broken() -> None:
    """Numbers and names of requirements keep their lines; the words beside them share what is left."""
    rows = [(f"{number}", "CC7.2", "ABANDONED", shown("some longer words " * 6)) for number in range(400)]
    paper = printed(page("x", [grid(("No", "Id", "End", "Words"), rows, "")]), DAY, "", "")
    (table,) = [part for part in paper.parts if isinstance(part, Grid)]

    assert [width > 0 for width in table.widths] == [False, False, False, True]
    count = re.search(rb"/Type/Pages/Count (\d+)", TypstPrinter().pdf(paper, {}))
    assert count
    assert int(count[1]) > 5


def test_a_picture_that_can_not_be_set_says_what_to_do_instead() -> None:
    """A broken SVG is no reason for a traceback."""
    paper = printed(b'<body><p><img src="course.svg"></p></body>', DAY, "", "")

    with pytest.raises(PrintingUnavailable, match="Print the HTML page from a browser"):
        TypstPrinter().pdf(paper, {"course.svg": b"<svg"})


def test_without_typst_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """And that a browser prints as well."""
    monkeypatch.setitem(sys.modules, "typst", None)

    with pytest.raises(PrintingUnavailable, match=r"runbook-keys\[pdf\]"):
        TypstPrinter().pdf(printed(b"", DAY, "", ""), {})
