"""The course of a run as a picture: one row per stay at a step, long waits drawn short and marked as such."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from runbook_keys.evidence.markdown import length
from runbook_keys.evidence.plots import box, cut, opened, text
from runbook_keys.evidence.postmortem.story import Spent, Story, Stretch, stretches

WIDTH, ROW, LABELS, ROOM, HEAD = 980, 24, 300, 560, 44
SHORT = 46.0
"""How wide a long wait is drawn."""

MOST = 60
_IDLE = (Spent.WAITING, Spent.AWAY)


def timeline(story: Story) -> str:
    """The picture. After sixty rows it says how many more there are."""
    found = stretches(story.entries)
    rows = found[:MOST]
    height = HEAD + len(rows) * ROW + 34
    scale = _Scale(rows)
    parts = [opened(f"Course of run {story.summary.run}", WIDTH, height), *_legend()]
    for number, each in enumerate(rows):
        parts += _row(story, each, HEAD + number * ROW, scale)
    parts += _foot(rows, height - 12, scale, len(found) - len(rows))
    return "\n".join([*parts, "</svg>\n"])


class _Scale:
    """Time to the right. A wait that is longer than a quarter of all work gets a fixed width."""

    def __init__(self, rows: Sequence[Stretch]) -> None:
        work = sum((each.lasted for each in rows if each.spent not in _IDLE), timedelta())
        self._limit = max(work / 4, timedelta(seconds=1))
        flowing = [each for each in rows if not self.is_cut(each)]
        cuts = len(rows) - len(flowing)
        room = max(ROOM - cuts * SHORT, ROOM / 4)
        total = sum((each.lasted.total_seconds() for each in flowing), 0.0) or 1.0
        self._per_second = room / total
        self._short = min(SHORT, (ROOM - room) / cuts) if cuts else SHORT
        self._lefts: dict[datetime, float] = {}
        left = float(LABELS)
        for each in rows:
            self._lefts[each.from_at] = left
            left += self.width(each)
        self.end = left

    def is_cut(self, each: Stretch) -> bool:
        return each.spent in _IDLE and each.lasted > self._limit

    def width(self, each: Stretch) -> float:
        return self._short if self.is_cut(each) else each.lasted.total_seconds() * self._per_second

    def left(self, each: Stretch) -> float:
        return self._lefts[each.from_at]


def _legend() -> Iterator[str]:
    x = float(LABELS)
    for spent in Spent:
        yield box(x, 8, 12, 12, spent, spent)
        yield text(x + 17, 19, spent, size=12)
        x += 32 + 7 * len(spent)


def _row(story: Story, each: Stretch, top: float, scale: _Scale) -> Iterator[str]:
    label = f"{each.step} {story.title(each.step)}" if each.step else "Evidence of section 9"
    x, width = scale.left(each), max(scale.width(each), 2.0)
    yield f'<line x1="{LABELS}" y1="{top + ROW - 1}" x2="{LABELS + ROOM}" y2="{top + ROW - 1}" stroke="#eef1f4"/>'
    yield text(LABELS - 10, top + 16, cut(label, 42), anchor="end", size=12)
    yield box(x, top + 4, width, ROW - 9, each.spent, f"{label}: {each.spent}, {length(each.lasted)}")
    if scale.is_cut(each):
        middle = x + width / 2
        yield f'<path d="M{middle - 5:.1f} {top + 20}l4 -18m4 0l-4 18" stroke="#fff" stroke-width="2.5"/>'
    said = f"{length(each.lasted)}{', not to scale' if scale.is_cut(each) else ''}"
    yield text(x + width + 6, top + 16, said, size=11, fill="#57606a")


def _foot(rows: Sequence[Stretch], y: float, scale: _Scale, more: int) -> Iterator[str]:
    if not rows:
        yield text(LABELS, y, "Nothing took any time.", size=12)
        return
    yield text(LABELS, y, f"{rows[0].from_at:%Y-%m-%d %H:%M:%S} UTC", size=11)
    yield text(scale.end, y, f"{rows[-1].to_at:%H:%M:%S} UTC", anchor="end", size=11)
    if more > 0:
        yield text(LABELS - 10, y, f"and {more} more stays", anchor="end", size=11)
