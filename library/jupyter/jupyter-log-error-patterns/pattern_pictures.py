"""The pictures of the patterns: the answer, and each pattern's course on one time axis."""

from typing import Any

import instants
import picture_style as style
from error_patterns import Pattern, Patterns
from line_masks import shown

ROWS = 8
BARS = 90


def answer(found: dict[str, Any]) -> style.Picture:
    """The sentence and the numbers that a person wants first."""
    can_tell = found["can_tell_new"]
    return style.headline(
        found["answer"],
        [
            (f"{found['error_lines']:,}", f"failures in {found['lines']:,} lines"),
            (f"{found['patterns']:,}", "patterns"),
            (f"{found['new_patterns']:,}" if can_tell else "–", "new"),
            (f"{found['rising_patterns']:,}" if can_tell else "–", "rising"),
        ],
    )


def courses(
    patterns: Patterns, found: dict[str, Any], start_ms: int | None, end_ms: int | None
) -> style.Picture:
    """Up to eight patterns, new ones first: what they say, how often, and when."""
    rows = [row for row in found["top"] if row["first_seen_at"]][:ROWS]
    if not rows or start_ms is None or end_ms is None:
        return style.empty("No failure that says when it happened.")
    by_text = {shown(each.text): each for each in patterns.all}
    drawn, axes = style.figure(1.3 + 0.86 * len(rows))
    width_ms = max(1000, (end_ms - start_ms) // BARS, patterns.bucket_ms)
    for place, row in enumerate(reversed(rows)):
        _course(axes, by_text[row["pattern"]], row, place, (start_ms, width_ms, patterns.bucket_ms))
    style.time_axis(axes, start_ms, end_ms + width_ms)
    axes.set_ylim(-0.15, len(rows) + 0.05)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if found["can_tell_new"]:
        since = style.day(instants.moment(found["since_at"], end_ms))
        axes.axvline(since, color=style.INK, linewidth=1.2, linestyle=(0, (4, 2)), zorder=0)
    style.title(axes, "When each pattern was seen")
    return style.Picture(drawn, "The course of each pattern.")


def _course(axes: Any, pattern: Pattern, row: dict[str, Any], place: int, grid: tuple[int, int, int]) -> None:
    """One row: the words above, bars below, each row with its own height."""
    start_ms, width_ms, bucket_ms = grid
    bars: dict[int, int] = {}
    for at, number in pattern.buckets.items():
        edge = max(at * bucket_ms, start_ms)
        edge -= (edge - start_ms) % width_ms
        bars[edge] = bars.get(edge, 0) + number
    tallest = max(bars.values())
    colour = style.VERMILION if row["is_new"] else style.ORANGE if row["is_rising"] else style.BLUE
    axes.bar(
        [style.day(edge) for edge in bars],
        [0.08 + 0.4 * number / tallest for number in bars.values()],
        width=width_ms / 86_400_000 * 0.9,
        bottom=place,
        align="edge",
        color=colour,
    )
    axes.axhline(place, color="#D8D8D8", linewidth=0.8, zorder=0)
    mark = "NEW  " if row["is_new"] else "RISING  " if row["is_rising"] else ""
    words = f"{row['count']:,} ×  {mark}{style.plain(row['pattern'], 84 - len(mark))}"
    axes.text(
        0,
        place + 0.6,
        words,
        transform=axes.get_yaxis_transform(),
        fontsize=11.5,
        weight="bold" if mark else "normal",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
    )
