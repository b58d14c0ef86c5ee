"""The title and the ten sections: which heading opens which, and what stands in each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import pairwise

from msgspec import Struct

from runbook_keys.book.markdown import BlockKind, MarkdownBlock, plain
from runbook_keys.book.problem import Problem, Problems
from runbook_keys.book.targets import shortened
from runbook_keys.model.runbook import Section

TITLES = {
    1: "Scope",
    2: "When to use this runbook",
    3: "When NOT to use this runbook",
    4: "Immediate safety checks",
    5: "Diagnosis flow",
    6: "Action steps",
    7: "Verification",
    8: "Rollback / escalation",
    9: "Evidence and audit notes",
    10: "Post-incident follow-ups",
}
_ALSO = {
    "title and scope": 1,
    "when to use": 2,
    "when not to use": 3,
    "safety checks": 4,
    "diagnosis": 5,
    "actions": 6,
    "rollback or escalation": 8,
    "evidence": 9,
    "follow ups": 10,
}
_NUMBERED = re.compile(r"([0-9]{1,3})[.):]?\s+(.*)")


class Part(Struct, frozen=True):
    """One section with its blocks; `number` is 0 where no section is opened by the heading."""

    number: int
    title: str
    line: int
    end_line: int
    blocks: tuple[MarkdownBlock, ...]

    @property
    def section(self) -> Section:
        """The noun that this part becomes."""
        return Section(self.number, self.title, self.line, self.end_line)


def title_of(blocks: tuple[MarkdownBlock, ...], problems: Problems) -> str:
    """The text of the one level-1 heading."""
    titles = [block for block in blocks if block.kind is BlockKind.HEADING and block.level == 1]
    if not titles:
        problems.append(
            Problem(1, "missing-title", "The runbook has no title.", "Begin the file with: # Its title")
        )
        return ""
    for second in titles[1:]:
        reason = f'"{shortened(plain(second.text))}" is a second title; a runbook has one.'
        problems.append(
            Problem(second.line, "second-title", reason, "Write it as a heading of level 2 or 3.")
        )
    title = plain(titles[0].text)
    if not title:
        problems.append(
            Problem(
                titles[0].line, "missing-title", "The title is empty.", "Name the failure in a few words."
            )
        )
    return title


def parts_of(blocks: tuple[MarkdownBlock, ...], end_line: int, problems: Problems) -> list[Part]:
    """The level-2 parts of the text in order, each with what follows it; text before the first is left out."""
    found: list[Part] = []
    for heading, inner, last in _split(blocks, end_line):
        number, title = _identify(heading, problems)
        found.append(Part(number, title, heading.line, last, inner))
    _look_at_order(found, end_line, problems)
    return found


def _split(
    blocks: tuple[MarkdownBlock, ...], end_line: int
) -> Iterator[tuple[MarkdownBlock, tuple[MarkdownBlock, ...], int]]:
    starts = [at for at, block in enumerate(blocks) if block.kind is BlockKind.HEADING and block.level == 2]
    for start, after in pairwise([*starts, len(blocks)]):
        last = blocks[after].line - 1 if after < len(blocks) else end_line
        yield blocks[start], blocks[start + 1 : after], last


def _identify(heading: MarkdownBlock, problems: Problems) -> tuple[int, str]:
    """Number and title of the section that a heading opens: by its words first, else by its number."""
    words = plain(heading.text)
    match = _NUMBERED.fullmatch(words)
    written, title = (int(match[1]), match[2]) if match else (0, words)
    known = _KNOWN.get(_normal(title), 0)
    if known and written in (0, known):
        return known, title
    if known:
        reason = f'"{title}" is section {known}, and here it has the number {written}.'
        problems.append(
            Problem(heading.line, "section-number", reason, f"Write: ## {known}. {TITLES[known]}")
        )
        return known, title
    if written in TITLES:
        reason = f'Section {written} is called "{TITLES[written]}", and here "{shortened(title)}".'
        problems.append(
            Problem(heading.line, "section-title", reason, f"Write: ## {written}. {TITLES[written]}")
        )
        return written, title
    problems.append(_unknown(heading, title))
    return 0, title


def _unknown(heading: MarkdownBlock, title: str) -> Problem:
    reason = f'"{shortened(title)}" is none of the ten sections.'
    close = get_close_matches(_normal(title)[:80], _KNOWN, n=1, cutoff=0.75)
    if close:
        number = _KNOWN[close[0]]
        return Problem(heading.line, "unknown-section", reason, f"Write: ## {number}. {TITLES[number]}")
    return Problem(
        heading.line, "unknown-section", reason, "Move its text into the section where it belongs."
    )


def _normal(title: str) -> str:
    """A title for comparing: `&`, `+` and `/` are "and", case and punctuation do not count."""
    return " ".join(re.findall(r"[a-z0-9]+", re.sub(r"[&+/]", " and ", title.casefold())))


_KNOWN = {_normal(title): number for number, title in TITLES.items()} | _ALSO


def _look_at_order(parts: list[Part], end_line: int, problems: Problems) -> None:
    first: dict[int, Part] = {}
    highest = 0
    for part in parts:
        if part.number == 0:
            continue
        if part.number in first:
            reason = f"Section {part.number} stood already in line {first[part.number].line}."
            problems.append(Problem(part.line, "duplicate-section", reason, "Join the two into one."))
        elif part.number < highest:
            reason = f"Section {part.number} stands after section {highest}."
            problems.append(
                Problem(part.line, "misordered-section", reason, "Put the ten sections in their order.")
            )
        first.setdefault(part.number, part)
        highest = max(highest, part.number)
    for number in TITLES.keys() - first.keys():
        problems.append(_missing(number, parts, end_line))


def _missing(number: int, parts: list[Part], end_line: int) -> Problem:
    line = next((part.line for part in parts if part.number > number), max(end_line, 1))
    reason = f'Section {number}, "{TITLES[number]}", is missing.'
    return Problem(line, "missing-section", reason, f"Add: ## {number}. {TITLES[number]}")
