"""`<!-- keys: allow RULE because REASON -->`: an exception from a rule, with its reason, where it is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from runbook_keys.book.book import Suppression
from runbook_keys.book.inline import comments
from runbook_keys.book.markdown import BlockKind, MarkdownBlock
from runbook_keys.book.problem import Problem, Problems
from runbook_keys.book.targets import shortened

_OURS = re.compile(r"<!--\s*keys\s*:\s*(.*?)\s*-->", re.DOTALL)
_ALLOW = re.compile(r"allow\s+([a-z][a-z0-9-]*)\s+because\s+(\S.*)", re.DOTALL)
_HOW = "Write: <!-- keys: allow rule-name because the reason -->"

Place = tuple[str, int, int]
"""What a place is called, its first and its last line."""


def suppressions_of(
    blocks: Sequence[MarkdownBlock], places: Sequence[Place], problems: Problems
) -> tuple[Suppression, ...]:
    """The suppressions in `blocks`; each holds for the smallest of `places` around it."""
    found = (_suppression(line, text, places, problems) for line, text in _comments(blocks))
    return tuple(suppression for suppression in found if suppression is not None)


def _comments(blocks: Sequence[MarkdownBlock]) -> Iterator[tuple[int, str]]:
    """Each comment for us with its line, wherever it stands except in code."""
    for block in blocks:
        if block.kind in (BlockKind.HTML, BlockKind.PARAGRAPH, BlockKind.HEADING):
            yield from _in_text(block.line, block.text)
        yield from _comments(block.blocks)
        for item in block.items:
            yield from _in_text(item.line, item.text)
            yield from _comments(item.blocks)


def _in_text(line: int, text: str) -> Iterator[tuple[int, str]]:
    counted_to = 0
    for start, end in comments(text):
        line += text.count("\n", counted_to, start)
        counted_to = start
        if match := _OURS.fullmatch(text[start:end]):
            yield line, match[1]


def _suppression(line: int, text: str, places: Sequence[Place], problems: Problems) -> Suppression | None:
    match = _ALLOW.fullmatch(text)
    if match is None:
        reason = f'The comment "keys: {shortened(" ".join(text.split()))}" names no rule with a reason.'
        problems.append(Problem(line, "bad-suppression", reason, _HOW))
        return None
    around = [place for place in places if place[1] <= line <= place[2]]
    name, first, last = min(around, key=lambda place: place[2] - place[1])
    return Suppression(match[1], " ".join(match[2].split()), line, name, first, last)
