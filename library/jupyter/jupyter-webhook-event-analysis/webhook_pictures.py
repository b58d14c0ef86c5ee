"""The two pictures of the analysis: failures over time by class, and by event type."""

from typing import Any

import instants
import picture_style as style
from matplotlib.axes import Axes
from webhook_answer import percent
from webhook_events import Bucket, Failing, Tally
from webhook_records import CLASSES, CRASH, DEPENDENCY, SIGNATURE, UNKNOWN

LOOKS = {
    SIGNATURE: ("signature refused", style.VERMILION, "//"),
    CRASH: ("handler crashed", style.BLUE, "\\\\"),
    DEPENDENCY: ("dependency failed", style.ORANGE, ".."),
    UNKNOWN: ("cause not named", style.PURPLE, "xx"),
    "accepted": ("accepted", style.GREY, ""),
}
BARS = 60
SHOWN_TYPES = 8


def answer(found: dict[str, Any], tally: Tally) -> style.Picture:
    """The sentence and the four numbers that a person wants first."""
    began = found["began_at"] if found["began_certainty"] != "none" else None
    rate = percent(tally.failures, tally.deliveries) if tally.deliveries else "–"
    return style.headline(
        found["answer"],
        [
            (f"{tally.failures:,}", f"failed of {tally.deliveries:,} deliveries"),
            (rate, "failure rate"),
            (found["main_cause"].replace("none", "–").replace("-", " "), "main cause"),
            (began[11:19] if began else "–", f"began, UTC, {began[:10]}" if began else "no clear beginning"),
        ],
    )


def over_time(tally: Tally, stretch: Failing) -> style.Picture:
    """Deliveries over time, stacked: failures by class at the bottom, accepted ones grey above."""
    if not tally.deliveries:
        return style.empty("No delivery in this window.")
    width_ms, bars = _bars(tally)
    drawn, axes = style.figure(4.6)
    _stack(axes, bars, width_ms, tally)
    style.title(axes, f"{tally.failures:,} of {tally.deliveries:,} deliveries failed")
    style.time_axis(axes, min(bars), max(bars) + width_ms)
    style.whole_numbers(axes)
    axes.set_ylabel(f"deliveries per {_span(width_ms)}")
    _mark(axes, stretch)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles, labels, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3, frameon=False, fontsize=12
    )
    return style.Picture(drawn, "Deliveries over time, failures by class.")


def by_type(tally: Tally) -> style.Picture:
    """Which event types failed, with the number that failed of all."""
    if not tally.failures:
        return style.empty("No failure in this window.")
    ranked = sorted(
        (n for n in tally.types if tally.failed_types[n]), key=lambda n: (-tally.failed_types[n], n)
    )
    shown = ranked[:SHOWN_TYPES][::-1]
    drawn, axes = style.figure(1.5 + 0.5 * len(shown))
    failed = [tally.failed_types[name] for name in shown]
    axes.barh([style.plain(_named(name), 40) for name in shown], failed, color=style.VERMILION, height=0.62)
    for at, name in enumerate(shown):
        words = f" {tally.failed_types[name]:,} of {tally.types[name]:,}"
        axes.text(tally.failed_types[name], at, words, va="center", fontsize=13)
    axes.set_xlim(0, max(failed) * 1.3)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(left=False)
    style.title(axes, "Which event types failed")
    return style.Picture(drawn, "Failures by event type.")


def _named(name: str) -> str:
    return "type not in the log" if name == "(not said)" else name


def _bars(tally: Tally) -> tuple[int, dict[int, Bucket]]:
    """The width of a bar and, by its left edge, what it holds; over the span that holds deliveries."""
    first, last = (tally.start_ms + at * tally.bucket_ms for at in (min(tally.buckets), max(tally.buckets)))
    needed = (last - first) / BARS / 1000
    width = next((each for each in style.NICE_SECONDS if each >= needed), style.NICE_SECONDS[-1]) * 1000
    start = first - first % width
    bars: dict[int, Bucket] = {}
    for at, bucket in tally.buckets.items():
        ms = tally.start_ms + at * tally.bucket_ms
        into = bars.setdefault(ms - (ms - start) % width, {})
        for outcome, number in bucket.items():
            into[outcome] = into.get(outcome, 0) + number
    return width, bars


def _stack(axes: Axes, bars: dict[int, Bucket], width_ms: int, tally: Tally) -> None:
    edges = sorted(bars)
    places = [style.day(edge) for edge in edges]
    below = [0] * len(edges)
    for outcome in (*CLASSES, "accepted"):
        if not tally.classes[outcome]:
            continue
        name, colour, hatch = LOOKS[outcome]
        heights = [bars[edge].get(outcome, 0) for edge in edges]
        label = f"{name}: {tally.classes[outcome]:,} ({percent(tally.classes[outcome], tally.deliveries)})"
        axes.bar(
            places,
            heights,
            width=width_ms / 86_400_000 * 0.92,
            bottom=below,
            align="edge",
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
            label=label,
        )
        below = [low + height for low, height in zip(below, heights, strict=True)]
    axes.set_ylim(0, max(below) * 1.28)


def _mark(axes: Axes, stretch: Failing) -> None:
    """A line where failing began, with the time beside it on the side that has room."""
    if stretch.began_ms is None or stretch.certainty == "none":
        return
    at = style.day(stretch.began_ms)
    axes.axvline(at, color=style.INK, linewidth=1.4, linestyle=(0, (4, 2)))
    left, right = axes.get_xlim()
    is_late = at > (left + right) / 2
    sure = "began" if stretch.certainty == "clear" else "probably began"
    words = f"  {sure} {instants.at(stretch.began_ms):%H:%M:%S}  "
    axes.text(
        at, axes.get_ylim()[1] * 0.98, words, ha="right" if is_late else "left", va="top", weight="bold"
    )


def _span(width_ms: int) -> str:
    seconds = width_ms // 1000
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            number = seconds // size
            return name if number == 1 else f"{number} {name}s"
    return f"{seconds} seconds"
