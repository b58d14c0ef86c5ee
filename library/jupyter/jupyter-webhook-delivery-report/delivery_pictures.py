"""The pictures of the report: how events stand by when they happened, and how long delivery took."""

from collections import Counter
from typing import Any

import picture_style as style
from deliveries import DELIVERED, FAILING, PENDING, SENDING, Tally, percentile, seconds_of
from delivery_answer import span

LOOKS = {
    FAILING: ("failing", style.VERMILION, "//"),
    PENDING: ("never tried", style.PURPLE, "xx"),
    SENDING: ("under way", style.BLUE, ".."),
    DELIVERED: ("delivered", style.GREY, ""),
}
BARS = 60
MARKS = (1, 10, 60, 600, 3600, 21_600, 86_400, 259_200, 2_592_000)


def answer(found: dict[str, Any]) -> style.Picture:
    """The sentence and the numbers that a person wants first."""
    p90, waited = found["time_to_delivery_p90_seconds"], found["longest_waiting_seconds"]
    return style.headline(
        found["answer"],
        [
            (f"{found['never_delivered']:,}", f"not delivered of {found['events']:,}"),
            (span(waited) if waited is not None else "–", "longest waiting"),
            (span(p90) if p90 is not None else "–", "90 % were delivered within"),
            (found["endpoint_status"] or "–", "endpoint at Stripe"),
        ],
    )


def over_time(tally: Tally) -> style.Picture:
    """Events by when they happened, stacked by how they stand now."""
    if not tally.events:
        return style.empty("No event in this export.")
    width_ms, bars = _bars(tally)
    drawn, axes = style.figure(4.4)
    edges = sorted(bars)
    below = [0] * len(edges)
    for state, (name, colour, hatch) in LOOKS.items():
        if not tally.states[state]:
            continue
        heights = [bars[edge][state] for edge in edges]
        axes.bar(
            [style.day(edge) for edge in edges],
            heights,
            width=width_ms / 86_400_000 * 0.92,
            bottom=below,
            align="edge",
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
            label=f"{name}: {tally.states[state]:,}",
        )
        below = [low + height for low, height in zip(below, heights, strict=True)]
    style.title(axes, f"{tally.never_count:,} of {tally.events:,} events are not delivered")
    style.time_axis(axes, min(edges), max(edges) + width_ms)
    style.whole_numbers(axes)
    axes.set_ylim(0, max(below) * 1.12)
    axes.set_ylabel(f"events per {span(width_ms / 1000)}")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=4, frameon=False, fontsize=12)
    return style.Picture(drawn, "Events by when they happened and how they stand.")


def time_to_delivery(tally: Tally) -> style.Picture:
    """Which share of the delivered events was accepted within which time."""
    if tally.slowest_ms is None:
        return style.empty("No delivered event says when it was accepted.")
    drawn, axes = style.figure(3.8)
    steps = sorted(tally.times)
    slowest = max(1.0, tally.slowest_ms / 1000)
    total, seen, places, shares = tally.times.total(), 0, [1.0], [0.0]
    for step in steps:
        seen += tally.times[step]
        places.append(min(seconds_of(step), slowest))
        shares.append(100 * seen / total)
    right = max(slowest * 1.6, 12.0)
    axes.step([*places, right], [*shares, 100.0], where="post", color=style.BLUE, linewidth=2.6)
    marks = [each for each in MARKS if each <= right]
    axes.set_xscale("log")
    axes.set_xlim(1, right)
    axes.set_xticks(marks, ["≤ 1 s" if each == 1 else span(each) for each in marks])
    axes.minorticks_off()
    axes.set_ylim(0, 104)
    axes.set_yticks([0, 50, 90, 100], ["0 %", "50 %", "90 %", "100 %"])
    axes.grid(color="#E4E4E4", linewidth=0.8)
    middle, most = percentile(tally, 50), percentile(tally, 90)
    style.title(axes, f"Half were delivered within {span(middle or 0)}, nine of ten within {span(most or 0)}")
    axes.set_xlabel("time from the event to its acceptance")
    axes.set_ylabel("delivered events")
    return style.Picture(drawn, "Time to delivery.")


def _bars(tally: Tally) -> tuple[int, dict[int, Counter[str]]]:
    first, last = min(tally.buckets) * tally.bucket_ms, max(tally.buckets) * tally.bucket_ms
    needed = (last - first) / BARS
    width = next((each * 1000 for each in style.NICE_SECONDS if each * 1000 >= needed), int(needed) + 1)
    bars: dict[int, Counter[str]] = {}
    for at, counts in tally.buckets.items():
        bars.setdefault(at * tally.bucket_ms // width * width, Counter()).update(counts)
    return width, bars
