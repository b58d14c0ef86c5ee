"""The pictures of the job failure report."""

from typing import Any

import picture_style as style
from attempts_log import DONE, LATE, LOST, Log

PARTS = 40
_LOOKS = {
    DONE: (style.GREEN, "", "done"),
    "dependency": (style.ORANGE, "//", "dependency"),
    "crash": (style.VERMILION, "xx", "crash"),
    LOST: (style.PURPLE, "..", "worker gone"),
    LATE: (style.BLUE, "\\\\", "too late"),
    "unknown": (style.GREY, "--", "unknown"),
}


def answer(result: dict[str, Any]) -> style.Picture:
    """The answer, and the numbers behind it."""
    rate = result["failure_rate"]
    numbers = [
        (f"{result['attempts']:,}", "attempts"),
        (f"{result['failures']:,}", "failed"),
        ("–" if rate is None else f"{rate:.0%}", "failure rate"),
        (str(len(result["poison_jobs"])), "poison jobs"),
    ]
    return style.headline(result["answer"], numbers)


def over_time(log: Log) -> style.Picture:
    """How attempts ended, over the window."""
    if not log.attempts:
        return style.empty("There is no attempt in this window.")
    start, end = log.attempts[0].ms, max(log.attempts[-1].ms, log.attempts[0].ms + 1000)
    step = (end - start) / PARTS
    drawn, axes = style.figure(4.2)
    below = [0.0] * PARTS
    for cause, (colour, hatch, label) in _LOOKS.items():
        heights = [0.0] * PARTS
        for each in log.attempts:
            if _look(each.cause) == cause:
                heights[min(int((each.ms - start) / step), PARTS - 1)] += 1
        if any(heights):
            places = [style.day(start + (place + 0.5) * step) for place in range(PARTS)]
            width = (style.day(end) - style.day(start)) / PARTS * 0.92
            axes.bar(
                places,
                heights,
                width,
                below,
                color=colour,
                hatch=hatch,
                edgecolor="white",
                linewidth=0,
                label=label,
            )
            below = [low + height for low, height in zip(below, heights, strict=True)]
    style.time_axis(axes, int(start), int(end))
    style.whole_numbers(axes)
    axes.set_ylabel("attempts")
    axes.legend(loc="upper left", ncols=3, frameon=False, bbox_to_anchor=(0, 1.02))
    axes.set_ylim(0, max(below) * 1.3)
    style.title(axes, "How attempts ended")
    return style.Picture(drawn, f"How {len(log.attempts)} attempts ended, over time.")


def by_name(rows: list[dict[str, Any]], what: str) -> style.Picture:
    """Attempts and failures of each kind or worker."""
    if not rows:
        return style.empty(f"There is no {what} in this window.")
    drawn, axes = style.figure(1.6 + 0.45 * len(rows))
    names = [style.plain(row["name"], 28) for row in reversed(rows)]
    axes.barh(names, [row["attempts"] for row in reversed(rows)], color=style.GREY, label="attempts")
    axes.barh(
        names,
        [row["failures"] for row in reversed(rows)],
        color=style.VERMILION,
        hatch="xx",
        edgecolor="white",
        linewidth=0,
        label="failed",
    )
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
    style.title(axes, f"By {what}")
    words = "; ".join(f"{row['name']}: {row['failures']} of {row['attempts']} failed" for row in rows)
    return style.Picture(drawn, f"By {what}: {words}.")


def _look(cause: str) -> str:
    if not cause:
        return DONE
    return cause if cause in _LOOKS else "unknown"
