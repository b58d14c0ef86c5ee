"""What holds for every text, whatever it is."""

from __future__ import annotations

from runbook_keys.book.book import Book
from runbook_keys.book.checklist import checklist
from runbook_keys.book.diagram import mermaid
from runbook_keys.book.parse import parse
from runbook_keys.book.render import render
from runbook_keys.lint.check import check_packs
from runbook_keys.model.pack import Pack


def assert_the_book_holds(source: bytes) -> Book:
    """Reading never raises, writing back changes no byte, every line that is named is in the text."""
    book = parse(source)
    assert render(book) == source
    last = source.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert all(0 <= problem.line <= last for problem in book.problems)
    assert all(problem.reason and problem.mend for problem in book.problems)
    _assert_lines(book, last)
    page = checklist(book.runbook, source)
    assert all(f"### [ ] {step.label}. " in page for step in book.runbook.steps)
    assert checklist(parse(source).runbook, source) == page
    assert mermaid(book.runbook).startswith("flowchart TD\n")
    return book


def _assert_lines(book: Book, last: int) -> None:
    runbook = book.runbook
    lines = [step.line for step in runbook.steps]
    lines += [branch.line for step in runbook.steps for branch in step.branches]
    lines += [section.line for section in runbook.sections] + [item.line for item in runbook.evidence]
    lines += [suppression.line for suppression in book.suppressions]
    assert all(1 <= line <= last for line in lines)
    assert all(section.line <= section.end_line <= last for section in runbook.sections)


def assert_lint_holds(source: bytes) -> None:
    """No rule breaks, and every finding is in the text."""
    (checked,) = check_packs([Pack({"README.md": source}, "packs/wild")])
    assert [finding for finding in checked.findings if finding.rule == "crashed-rule"] == []
    last = source.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert all(0 <= each.line <= last for each in checked.findings if each.file == "README.md")
