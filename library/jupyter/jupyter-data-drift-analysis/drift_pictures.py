"""The pictures of the drift analysis: the answer, and right and wrong records by when they were written."""

from typing import Any

import instants
import picture_style as style
from writing_log import Release

BARS = 40


def answer(found: dict[str, Any]) -> style.Picture:
    """The sentence and the numbers that a person wants first."""
    return style.headline(
        found["answer"],
        [
            (f"{found['differ']:,}", "differ"),
            (
                f"{found['differ_since_release']:,}",
                f"written since {found['newest_release'] or 'the release'}",
            ),
            (f"{found['differ_before_release']:,}", "written before"),
            (f"{found['not_written']:,}", "written by no event"),
        ],
    )


def over_time(written_at: dict[str, int], differing: set[str], release: Release | None) -> style.Picture:
    """Records by when our service last wrote them; the line is the newest release."""
    if not written_at:
        return style.empty("The log names no record.")
    drawn, axes = style.figure(4.2)
    first, last = min(written_at.values()), max(written_at.values())
    width = max(1000, (last - first) // BARS + 1)
    for is_wrong, colour, hatch, name in (
        (False, style.GREY, "", "right"),
        (True, style.VERMILION, "//", "differ"),
    ):
        times = [at for key, at in written_at.items() if (key in differing) == is_wrong]
        edges = [first + number * width for number in range((last - first) // width + 1)]
        heights = [sum(edge <= at < edge + width for at in times) for edge in edges]
        shift = width * 0.46 * is_wrong
        axes.bar(
            [style.day(edge + shift) for edge in edges],
            heights,
            width=width / 86_400_000 * 0.46,
            align="edge",
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
            label=f"{name}: {len(times):,}",
        )
    if release and first <= release.at_ms <= last + width:
        axes.axvline(style.day(release.at_ms), color=style.INK, linewidth=2)
        axes.text(style.day(release.at_ms), axes.get_ylim()[1], f" {style.plain(release.name)}", va="top")
    style.title(axes, f"When the records were written, until {instants.words(last)}")
    style.time_axis(axes, first, last + width)
    style.whole_numbers(axes)
    axes.set_ylabel("records")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, frameon=False, fontsize=12)
    return style.Picture(drawn, "Right and differing records by when they were written.")
