"""Pictures as SVG, without a library: bars in parts, points over time. Told apart without colour too."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape

from msgspec import Struct

from runbook_keys.evidence.markdown import length

WIDTH, ROW, LABELS, NUMBERS = 860, 26, 290, 110

COLOURS = {
    "machine": "#1f6f50",
    "person": "#c2620c",
    "waiting": "#9aa4af",
    "diagnosis": "#24598f",
    "action": "#b3261e",
    "verification": "#1f6f50",
    "closing": "#6f42a3",
    "nobody there": "#d5dae0",
    "resolved": "#1f6f50",
    "other": "#b3261e",
}
"""Fills by what they mean; the words stand beside each picture as well."""


class Bar(Struct, frozen=True):
    """One row: its label, its parts as (meaning, value), and the words at its end."""

    label: str
    parts: tuple[tuple[str, float], ...]
    words: str


class Point(Struct, frozen=True):
    """One thing at a moment: its value, its meaning (a key of COLOURS), and what is said of it."""

    at: datetime
    value: float
    meaning: str
    words: str


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Horizontal bars, one under the other, all to the same scale."""
    longest = max((sum(value for _, value in row.parts) for row in rows), default=0.0) or 1.0
    room = WIDTH - LABELS - NUMBERS
    parts = [opened(title, WIDTH, len(rows) * ROW + 8)]
    for number, row in enumerate(rows):
        parts += _bar(row, 4 + number * ROW, room / longest)
    return "\n".join([*parts, "</svg>"])


def _bar(row: Bar, top: float, scale: float) -> Iterable[str]:
    left = float(LABELS)
    yield text(LABELS - 8, top + 15, cut(row.label, 38), anchor="end")
    for meaning, value in row.parts:
        if value > 0:
            yield box(left, top + 2, max(value * scale, 1.0), ROW - 8, meaning, f"{row.label}: {meaning}")
            left += max(value * scale, 1.0)
    yield text(left + 8, top + 15, row.words)


def points(title: str, found: Sequence[Point]) -> str:
    """Points over time; the axis to the left is in lengths of time (`value` in seconds). Empty without points."""
    if not found:
        return ""
    height, foot, side = 240, 34, 74
    first, last = min(each.at for each in found), max(each.at for each in found)
    span = max((last - first).total_seconds(), 1.0)
    top = _round_up(max(each.value for each in found))
    parts = [opened(title, WIDTH, height)]
    for tick in range(5):
        y = height - foot - (height - foot - 24) * tick / 4
        parts.append(f'<line x1="{side}" y1="{y:.1f}" x2="{WIDTH - 10}" y2="{y:.1f}" stroke="#e3e7eb"/>')
        said = length(timedelta(seconds=top * tick / 4)) if tick else "0"
        parts.append(text(side - 8, y + 4, said, anchor="end", size=11))
    for each in found:
        x = side + 14 + (WIDTH - side - 40) * (each.at - first).total_seconds() / span
        y = height - foot - (height - foot - 24) * each.value / top
        parts.append(_mark(x, y, each))
    ends = [(side + 14, first, "start"), (WIDTH - 20, last, "end")]
    for x, at, anchor in ends if last.date() != first.date() else ends[:1]:
        parts.append(text(x, height - 10, f"{at:%Y-%m-%d}", anchor=anchor, size=11))
    return "\n".join([*parts, "</svg>"])


def _mark(x: float, y: float, each: Point) -> str:
    colour = COLOURS[each.meaning]
    title = f"<title>{shown(each.words)}</title>"
    if each.meaning == "resolved":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}" fill-opacity=".8">{title}</circle>'
    cross = f"M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10"
    return f'<path d="{cross}" stroke="{colour}" stroke-width="2.5" fill="none">{title}</path>'


def _round_up(seconds: float) -> float:
    """A round number of seconds, minutes or hours that is not smaller."""
    steps = (4, 8, 20, 40, 60, 120, 240, 480, 1200, 2400, 3600, 7200, 14_400, 28_800, 57_600, 86_400, 172_800)
    return float(next((step for step in steps if step >= seconds), max(seconds, 1.0)))


def legend(meanings: Mapping[str, str], marks: str = "■■■■") -> str:
    """What the fills mean, as HTML; the n-th mark stands for the n-th of them."""
    spans = "".join(
        f'<span style="margin-right:1.4rem"><span style="color:{COLOURS[meaning]}">{mark}</span> {shown(words)}</span>'
        for mark, (meaning, words) in zip(marks, meanings.items(), strict=False)
    )
    return f'<p class="quiet">{spans}</p>'


def box(x: float, y: float, width: float, height: float, meaning: str, words: str) -> str:
    """One filled rectangle that says what it is."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" fill="{COLOURS[meaning]}" rx="2">'
        f"<title>{shown(words)}</title></rect>"
    )


def text(x: float, y: float, words: str, anchor: str = "start", size: int = 13, fill: str = "#1b1f24") -> str:
    """A line of words."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}">'
        f"{shown(words)}</text>"
    )


def cut(words: str, most: int) -> str:
    """The words, or their beginning."""
    return words if len(words) <= most else words[: most - 1] + "…"


def shown(words: str) -> str:
    """Text as XML; what a reader obeys or can't see, and what XML can't hold, is a mark of its own."""
    return escape("".join("�" if unicodedata.category(char)[0] == "C" else char for char in words))


def opened(title: str, width: int, height: int) -> str:
    """The beginning of a picture of this size, on white."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" style="max-width:100%;height:auto" font-family="system-ui, sans-serif">'
        f"<title>{shown(title)}</title>"
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    )
