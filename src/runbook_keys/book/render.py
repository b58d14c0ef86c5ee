"""A runbook back into its text: only the lines of a way out that changed are written anew, every other byte stays."""

from __future__ import annotations

from runbook_keys.book.book import Book
from runbook_keys.book.text import Line, join_lines, split_lines
from runbook_keys.model.runbook import Branch, Runbook


def render(book: Book, runbook: Runbook | None = None) -> bytes:
    """The bytes of `book` with the ways out of `runbook` (default: its own, which gives the source back).

    Ways out are matched by the line that they were read from; what the book does not own is never touched.
    """
    if runbook is None or runbook == book.runbook:
        return book.source
    lines = list(split_lines(book.source))
    before = _by_line(book.runbook)
    changed = [
        branch for line, branch in _by_line(runbook).items() if line in before and before[line] != branch
    ]
    for branch in sorted(changed, key=lambda each: each.line, reverse=True):
        last = book.last_lines.get(branch.line, branch.line)
        first = lines[branch.line - 1]
        lines[branch.line - 1 : last] = [
            Line(_rewritten(first.content.decode(), branch).encode(), lines[last - 1].ending)
        ]
    return join_lines(lines)


def _by_line(runbook: Runbook) -> dict[int, Branch]:
    return {branch.line: branch for step in runbook.steps for branch in step.branches}


def _rewritten(old: str, branch: Branch) -> str:
    """The canonical way out, behind the bullet and indentation that the author wrote."""
    body = old.lstrip()
    lead = old[: len(old) - len(body)] + (body[:1] or "-")
    condition = f": `{branch.condition}`" if branch.condition else ""
    limit = f" (at most {branch.at_most} times, then {branch.then})" if branch.at_most is not None else ""
    return f"{lead} {branch.words}{condition} → {branch.target}{limit}"
