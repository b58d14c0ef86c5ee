"""`README.md` as a runbook: one pass that finds as much of the tree as there is, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from runbook_keys.book import headings, notes
from runbook_keys.book.book import Book, Suppression
from runbook_keys.book.labelled import Noted, notes_of, opens_section_label
from runbook_keys.book.lists import look_for_hidden_blocks
from runbook_keys.book.markdown import BlockKind, MarkdownBlock, outline
from runbook_keys.book.problem import Problem, Problems, in_order
from runbook_keys.book.sections import Part, parts_of, title_of
from runbook_keys.book.steps import StepReader
from runbook_keys.book.suppressions import Place, suppressions_of
from runbook_keys.book.text import decode, refusal
from runbook_keys.model.runbook import Runbook, Step

__all__ = ["Book", "Problem", "Suppression", "parse"]


def parse(source: bytes, file: str = "README.md") -> Book:
    """Read a runbook. Never raises: whatever is wrong is a problem of the book, which is empty where it must be."""
    refused = refusal(source)
    if refused is not None:
        return Book(source, Runbook(""), file, (refused,))
    problems: Problems = []
    text = decode(source, problems)
    found = outline(text)
    if found.too_deep_line is not None:
        problems.append(_too_deep(found.too_deep_line))
        return Book(source, Runbook(""), file, in_order(problems))
    return _book(source, file, text.split("\n"), found.blocks, problems)


def _book(
    source: bytes, file: str, lines: list[str], blocks: tuple[MarkdownBlock, ...], problems: Problems
) -> Book:
    end_line = len(lines) - (1 if len(lines) > 1 and not lines[-1] else 0)
    _look_at_front_matter(lines, problems)
    title = title_of(blocks, problems)
    parts = parts_of(blocks, end_line, problems)
    reader = _RunbookReader(lines, problems)
    for part in parts:
        reader.read(part)
    _look_at_html(blocks, problems)
    places = [("file", 1, end_line), *reader.places]
    suppressions = suppressions_of(blocks, places, problems)
    runbook = reader.runbook(title)
    return Book(source, runbook, file, in_order(problems), suppressions, reader.last_lines)


class _Slice(Struct):
    """A section's own blocks, and the blocks of each of its steps."""

    own: list[MarkdownBlock]
    steps: list[tuple[MarkdownBlock, list[MarkdownBlock]]]


class _RunbookReader:
    """Takes in the sections one by one; `runbook()` gives what they make."""

    def __init__(self, lines: list[str], problems: Problems) -> None:
        self._lines = lines
        self._problems = problems
        self._parts: list[Part] = []
        self._steps: list[Step] = []
        self._notes: dict[int, list[Noted]] = {number: [] for number in range(11)}
        self.places: list[Place] = []
        self.last_lines: dict[int, int] = {}

    def read(self, part: Part) -> None:
        """Take in one section."""
        self._parts.append(part)
        self.places.append((f"section {part.number}", part.line, part.end_line))
        sliced = _slice(part, self._problems)
        self._notes[part.number] += notes_of(part.number, sliced.own, self._problems)
        ends = [heading.line - 1 for heading, _ in sliced.steps[1:]] + [part.end_line]
        for (heading, blocks), end in zip(sliced.steps, ends, strict=False):
            self._read_step(part, heading, blocks, end)

    def _read_step(
        self, part: Part, heading: MarkdownBlock, blocks: Sequence[MarkdownBlock], end: int
    ) -> None:
        found = headings.step_heading(heading, part.number, self._problems)
        if found is None:
            return
        earlier = next((step for step in self._steps if step.label == found.label), None)
        if earlier is not None:
            self._problems.append(_duplicate(found.label, found.line, earlier.line))
        reader = StepReader(found, self._lines, self._problems)
        for block in blocks:
            reader.read(block)
        self._steps.append(reader.step())
        self.last_lines.update(reader.last_lines)
        self.places.append((found.label, found.line, end))

    def runbook(self, title: str) -> Runbook:
        """The runbook that the sections read so far make."""
        noted, problems = self._notes, self._problems
        return Runbook(
            title=title,
            sections=tuple(part.section for part in self._parts if part.number),
            steps=tuple(self._steps),
            covers=notes.words_under("covers", noted[1]),
            does_not_cover=notes.words_under("does not cover", noted[1]),
            when_to_use=notes.all_words(noted[2]),
            exclusions=notes.exclusions_of(noted[3], problems),
            do_not=notes.words_under("do not", noted[4]),
            roll_back_when=notes.words_under("roll back when", noted[8]),
            escalate_when=notes.words_under("escalate when", noted[8]),
            escalate_to=notes.escalate_to_of(noted[8], problems),
            escalate_after=notes.escalate_after_of(noted[8], problems),
            evidence=notes.evidence_of(noted[9], problems),
            compliance=notes.compliance_of(noted[9], problems),
            follow_ups=notes.follow_ups_of(noted[10]),
        )


def _slice(part: Part, problems: Problems) -> _Slice:
    """Steps start at their headings; a label of the section is the section's, also after a step."""
    sliced = _Slice([], [])
    is_step = is_own = False
    for block in part.blocks:
        if block.kind is BlockKind.HEADING:
            is_own = False
            if headings.looks_like_step(block, part.number):
                sliced.steps.append((block, []))
                is_step = True
                continue
            if block.level == 3 and part.number in headings.STEP_SECTIONS:
                problems.append(headings.without_label(block))
                is_step = False
        elif block.kind is BlockKind.PARAGRAPH:
            is_own = opens_section_label(block, part.number)
        (sliced.steps[-1][1] if is_step and not is_own else sliced.own).append(block)
    _look_at_own(part.number, sliced.own, problems)
    return sliced


def _look_at_own(number: int, blocks: list[MarkdownBlock], problems: Problems) -> None:
    if number == 9:
        return
    for block in blocks:
        look_for_hidden_blocks(block, problems)


def _look_at_html(blocks: Sequence[MarkdownBlock], problems: Problems) -> None:
    for block in blocks:
        if (
            block.kind is BlockKind.HTML
            and block.text.lstrip().startswith("<!--")
            and "-->" not in block.text
        ):
            reason = "A comment opens here and never ends: all text after it is hidden."
            problems.append(Problem(block.line, "unclosed-comment", reason, "End it with -->"))


def _look_at_front_matter(lines: Sequence[str], problems: Problems) -> None:
    """A block of `name: value` lines between `---`, as site generators want it: Markdown reads it as a heading."""
    if lines[0].rstrip() == "---" and any(line.rstrip() == "---" for line in lines[1:100]):
        reason = "The file begins with a block of metadata between --- lines, which is not read."
        problems.append(Problem(1, "front-matter", reason, "Move it to pack.json; begin with: # Its title"))


def _too_deep(line: int) -> Problem:
    reason = "Lists or quotations are nested too deep here to be read."
    return Problem(line, "too-deep", reason, "Write it flatter; a runbook needs two levels at most.")


def _duplicate(label: str, line: int, earlier: int) -> Problem:
    reason = f"Step {label} stood already in line {earlier}."
    return Problem(line, "duplicate-step", reason, "Give one of them another number.")
