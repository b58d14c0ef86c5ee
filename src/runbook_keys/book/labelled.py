"""What stands in a section outside its steps: lists under bold labels, and blocks after their items."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from runbook_keys.book import fences, fields
from runbook_keys.book.fields import Field, fields_of
from runbook_keys.book.lists import read_ways_out
from runbook_keys.book.markdown import BlockKind, MarkdownBlock, MarkdownItem, plain
from runbook_keys.book.problem import Problem, Problems

SECTION_LABELS: dict[int, tuple[str, ...]] = {
    1: ("covers", "does not cover"),
    4: ("do not",),
    8: ("roll back when", "escalate when", "escalate to"),
    9: ("compliance",),
}

_TASK_BOX = re.compile(r"\[[ xX]\]\s+")


class Noted(Struct):
    """A label with the items under it; `fences` holds the fence that follows an item, by that item's place."""

    label: Field
    items: list[MarkdownItem] = []
    fences: dict[int, MarkdownBlock] = {}

    @property
    def words(self) -> tuple[str, ...]:
        """The items as plain words; without items, the text after the label."""
        found = tuple(text for item in self.items if (text := item_words(item)))
        own = plain(self.label.text) if self.label.label else ""
        return found or ((own,) if own else ())


def item_words(item: MarkdownItem) -> str:
    """The first paragraph of an item as plain words, without a task box."""
    return plain(_TASK_BOX.sub("", item.text, count=1))


def opens_section_label(block: MarkdownBlock, number: int) -> bool:
    """True for a paragraph that starts with a label of the section, as `**Escalate to**` does in section 8."""
    if block.kind is not BlockKind.PARAGRAPH or number not in SECTION_LABELS:
        return False
    return fields_of(block)[0].name in SECTION_LABELS[number]


def notes_of(number: int, blocks: Sequence[MarkdownBlock], problems: Problems) -> list[Noted]:
    """The labels of a section in order with their items; the first one is without label."""
    found = [Noted(Field("", "", 0))]
    for block in blocks:
        match block.kind:
            case BlockKind.PARAGRAPH:
                found.extend(_labels(number, block, found, problems))
            case BlockKind.HEADING if number == 10:
                found.append(Noted(Field(plain(block.text), "", block.line)))
            case BlockKind.BULLETS | BlockKind.NUMBERS:
                found[-1].items.extend(block.items)
                _look_for_strays(number, block, problems)
            case BlockKind.FENCE:
                _take_fence(number, block, found[-1], problems)
    problems.extend(fields.empty(note.label) for note in found if _is_empty(number, note))
    return found


def under(name: str, notes: Sequence[Noted]) -> Iterator[Noted]:
    """The notes whose label is `name`."""
    return (note for note in notes if note.label.name == name)


def _labels(number: int, block: MarkdownBlock, before: list[Noted], problems: Problems) -> list[Noted]:
    known = SECTION_LABELS.get(number, ())
    found: list[Noted] = []
    for field in fields_of(block):
        if not field.label:
            continue
        if problem := fields.near_miss(field, known):
            problems.append(problem)
        if field.name in known and any(True for _ in under(field.name, [*before, *found])):
            problems.append(fields.twice(field))
        found.append(Noted(field))
    return found


def _is_empty(number: int, note: Noted) -> bool:
    is_known = note.label.name in SECTION_LABELS.get(number, ())
    return is_known and not note.words and not note.label.text


def _take_fence(number: int, fence: MarkdownBlock, note: Noted, problems: Problems) -> None:
    if not fence.is_closed:
        problems.append(fences.unclosed(fence))
    if not fences.is_executable(fence):
        if problem := fences.slips(fence):
            problems.append(problem)
        return
    place = len(note.items) - 1
    if number == 9 and place >= 0 and place not in note.fences:
        note.fences[place] = fence
        return
    reason = "This block belongs to no step, so it is never run."
    mend = (
        "Give it a line of its own." if number == 9 else "Put it under a step heading, or write it as text."
    )
    problems.append(Problem(fence.line, "block-outside-step", reason, mend))


def _look_for_strays(number: int, block: MarkdownBlock, problems: Problems) -> None:
    """Ways out before the first step heading belong to nothing."""
    if number not in (4, 5, 6, 7):
        return
    for branch in read_ways_out(block, []) or ():
        reason = "This way out belongs to no step."
        problems.append(Problem(branch.line, "way-out-outside-step", reason, "Put it under a step heading."))
