"""A runbook back into its text. What is written anew is a line that changed: a way out, a step heading, a fence's opening.

All other bytes stay as they are: prose, blank lines, line endings, a byte order mark, no newline at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.book.book import Book
from runbook_keys.book.line_texts import fence_text, heading_text, way_out_text
from runbook_keys.book.text import Line, join_lines, split_lines
from runbook_keys.errors import InvalidPack
from runbook_keys.model.runbook import Block, Branch, Runbook, SafetyClass, Step, StepKind


class _Edit(Struct, frozen=True):
    """Lines `first` to `last` (1-based, inclusive) are to hold `texts`; `last` is `first - 1` for an insertion."""

    first: int
    last: int
    texts: tuple[str, ...]


def render(book: Book, runbook: Runbook | None = None) -> bytes:
    """The text of `book` with what differs in `runbook`; without one, or with its own, the bytes that were read.

    `runbook` is the book's own with other ways out, headings or block attributes; steps and branches are known by the
    line they were read from. Raises InvalidPack where anything else differs, because no line is owned for it.
    """
    if runbook is None or runbook == book.runbook:
        return book.source
    _refuse_others(book.runbook, runbook)
    lines = list(split_lines(book.source))
    edits = [*_step_edits(book, runbook, lines), *_evidence_edits(book, runbook, lines)]
    for edit in sorted(edits, key=lambda each: (each.first, each.last), reverse=True):
        lines[edit.first - 1 : edit.last] = _lines(edit, lines)
    return join_lines(lines)


def _step_edits(book: Book, runbook: Runbook, lines: Sequence[Line]) -> Iterator[_Edit]:
    for old, new in zip(book.runbook.steps, runbook.steps, strict=True):
        if _heading(old) != _heading(new):
            yield _Edit(old.line, old.line, (heading_text(_text(lines, old.line), old, new),))
        yield from _branch_edits(book, old, new, lines)
        for before, after in zip(_blocks(old), _blocks(new), strict=True):
            yield from _fence_edits(before, after, lines)


def _heading(step: Step) -> tuple[str, str, SafetyClass, bool]:
    return step.label, step.title, step.safety, step.is_class_declared


def _blocks(step: Step) -> tuple[Block | None, ...]:
    return step.block, step.rollback, step.rollback_check, step.probe


def _evidence_edits(book: Book, runbook: Runbook, lines: Sequence[Line]) -> Iterator[_Edit]:
    for old, new in zip(book.runbook.evidence, runbook.evidence, strict=True):
        yield from _fence_edits(old.block, new.block, lines)


def _fence_edits(old: Block | None, new: Block | None, lines: Sequence[Line]) -> Iterator[_Edit]:
    if old is not None and new is not None and old != new:
        yield _Edit(old.line, old.line, (fence_text(_text(lines, old.line), new),))


def _branch_edits(book: Book, old: Step, new: Step, lines: Sequence[Line]) -> Iterator[_Edit]:
    """The places of the old ways out take the new ones in order; spare places go, further ones follow the last."""
    if old.branches == new.branches:
        return
    places = [(branch.line, book.last_lines.get(branch.line, branch.line)) for branch in old.branches]
    before = {branch.line: branch for branch in old.branches}
    texts = [_branch_texts(book, before, branch, lines, places[-1][0]) for branch in new.branches]
    for place, text in zip_longest(places, texts[: len(places)]):
        yield _Edit(place[0], place[1], text or ())
    further = tuple(line for text in texts[len(places) :] for line in text)
    if further:
        yield _Edit(places[-1][1] + 1, places[-1][1], further)


def _branch_texts(
    book: Book, before: dict[int, Branch], branch: Branch, lines: Sequence[Line], last: int
) -> tuple[str, ...]:
    """The lines of one way out: its own where it is as it was, else one new line behind the author's bullet."""
    old = before.get(branch.line)
    end = book.last_lines.get(branch.line, branch.line)
    if old == branch:
        return tuple(_text(lines, line) for line in range(branch.line, end + 1))
    if old is None:
        return (way_out_text(_text(lines, last), None, branch),)
    whole = "\n".join(_text(lines, line) for line in range(branch.line, end + 1))
    return (way_out_text(whole, old, branch),)


def _text(lines: Sequence[Line], number: int) -> str:
    return lines[number - 1].content.decode("utf-8", "surrogateescape")


def _lines(edit: _Edit, lines: Sequence[Line]) -> list[Line]:
    """The new lines with the endings of the ones they stand for; the file's last line keeps having none."""
    if not edit.texts:
        return []
    ending = lines[0].ending or b"\n"
    last = lines[edit.last - 1].ending
    contents = [text.encode("utf-8", "surrogateescape") for text in edit.texts]
    if edit.last < edit.first and not last:
        return [Line(ending, b""), *_with_endings(contents, ending, b"")]
    return _with_endings(contents, last or ending, last)


def _with_endings(contents: Sequence[bytes], ending: bytes, last: bytes) -> list[Line]:
    return [*(Line(each, ending) for each in contents[:-1]), Line(contents[-1], last)]


def _refuse_others(old: Runbook, new: Runbook) -> None:
    if len(old.steps) != len(new.steps) or len(old.evidence) != len(new.evidence):
        raise InvalidPack("Steps and evidence are added and removed in README.md itself. Edit the file.")
    for before, after in zip(old.steps, new.steps, strict=True):
        if after.branches and not before.branches:
            raise InvalidPack(f"Step {before.label} has no list of ways out to write to. Edit README.md.")
    if _unowned(old) != _unowned(new):
        raise InvalidPack(
            "Only ways out, step headings and block attributes can be written back. Edit README.md."
        )


def _unowned(runbook: Runbook) -> Runbook:
    """The runbook without everything that stands on a line of ours."""
    steps = tuple(_unowned_step(step) for step in runbook.steps)
    evidence = tuple(replace(item, block=_unowned_block(item.block)) for item in runbook.evidence)
    return replace(runbook, steps=steps, evidence=evidence)


def _unowned_step(step: Step) -> Step:
    return replace(
        step,
        label="",
        kind=StepKind.DIAGNOSIS,
        title="",
        safety=SafetyClass.SAFE,
        is_class_declared=False,
        branches=(),
        block=_unowned_block(step.block),
        rollback=_unowned_block(step.rollback),
        rollback_check=_unowned_block(step.rollback_check),
        probe=_unowned_block(step.probe),
    )


def _unowned_block(block: Block | None) -> Block | None:
    if block is None or block.language == "human":
        return block
    return Block(language="", text=block.text, line=block.line)
