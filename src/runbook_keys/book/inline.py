"""Finding things in a line of Markdown without being fooled by code spans and comments."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct

_BACKTICKS = re.compile(r"`+")
_NOT_A_LINE_BREAK = re.compile(r"[^\n]")
# The look-behind keeps a long row of hyphens linear: it is tried from its first one only.
_ARROW = re.compile(r"→|(?<!-)-+>")


class CodeSpan(Struct, frozen=True):
    """A code span: where it starts and ends in the text, backticks included, and its content."""

    start: int
    end: int
    content: str


def code_spans(text: str) -> list[CodeSpan]:
    """The code spans of `text` by CommonMark 6.1: a run of backticks closes with the next run as long as itself."""
    if "`" not in text:
        return []
    runs = [match.span() for match in _BACKTICKS.finditer(text)]
    closers: dict[int, list[tuple[int, int]]] = {}
    for run in reversed(runs):
        closers.setdefault(run[1] - run[0], []).append(run)
    found: list[CodeSpan] = []
    at = 0
    for start, end in runs:
        opening = start + _is_escaped(text, start)
        if opening < at or opening == end:
            continue
        closing = _closing(closers.get(end - opening, []), end)
        if closing is not None:
            found.append(CodeSpan(opening, closing[1], _content(text[end : closing[0]])))
            at = closing[1]
    return found


def _is_escaped(text: str, at: int) -> bool:
    first = at
    while first > 0 and text[first - 1] == "\\":
        first -= 1
    return (at - first) % 2 == 1


def _closing(candidates: list[tuple[int, int]], after: int) -> tuple[int, int] | None:
    while candidates and candidates[-1][0] < after:
        candidates.pop()
    return candidates[-1] if candidates else None


def _content(raw: str) -> str:
    flat = raw.replace("\n", " ")
    if flat.startswith(" ") and flat.endswith(" ") and flat.strip():
        return flat[1:-1]
    return flat


def comments(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each `<!-- … -->` of `text` that is not in a code span."""
    if "<!--" not in text:
        return
    spans = code_spans(text)
    # By hand: a regular expression tries every opening against the rest of the text, which is quadratic.
    start = text.find("<!--")
    while start >= 0:
        if _is_inside(spans, start):
            start = text.find("<!--", start + 4)
            continue
        end = text.find("-->", start + 4)
        if end < 0:
            return
        yield start, end + 3
        start = text.find("<!--", end + 3)


def without_comments(text: str) -> str:
    """`text` with each comment blanked out, so that positions stay."""
    if "<!--" not in text:
        return text
    pieces: list[str] = []
    at = 0
    for start, end in comments(text):
        pieces += [text[at:start], _NOT_A_LINE_BREAK.sub(" ", text[start:end])]
        at = end
    return "".join([*pieces, text[at:]])


def last_arrow(text: str) -> tuple[int, int] | None:
    """Start and end of the last `→` or `->` of `text` outside code spans, or None."""
    if "→" not in text and "->" not in text:
        return None
    spans = code_spans(text)
    arrows = [match.span() for match in _ARROW.finditer(text) if not _is_inside(spans, match.start())]
    return arrows[-1] if arrows else None


def _is_inside(spans: list[CodeSpan], position: int) -> bool:
    before = bisect_right(spans, position, key=lambda span: span.start) - 1
    return before >= 0 and position < spans[before].end
