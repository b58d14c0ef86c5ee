"""The pictures of the analysis: what users got over time, and how long they waited."""

from collections import Counter
from typing import Any

import picture_style as style
from answers_log import CRASHED, DEGRADED, FULL, HIDDEN, NOTHING, REFUSED, UNSURE, Tally, percentile

LOOKS = {
    REFUSED: ("refused", style.VERMILION, "//"),
    UNSURE: ("unsure", style.PURPLE, "xx"),
    CRASHED: ("crashed", "#000000", ""),
    NOTHING: ("no answer", style.ORANGE, "\\\\"),
    HIDDEN: ("degraded and hidden", style.GREEN, "++"),
    DEGRADED: ("degraded", style.BLUE, ".."),
    FULL: ("full", style.GREY, ""),
}
BARS = 60
MS_A_DAY = 86_400_000


def answer(found: dict[str, Any]) -> style.Picture:
    """The sentence and the numbers that a person wants first."""
    share, slow = found["failing_share"], found["p95_ms"]
    return style.headline(
        found["answer"],
        [
            ("–" if share is None else f"{100 * share:.0f} %", f"of {found['answers']:,} answers failed"),
            (f"{found['customers_without_order']:,}", "customers without order"),
            (f"{found['degraded']:,}", "degraded answers"),
            ("–" if slow is None else f"{slow:,} ms", "95 % were answered within"),
        ],
    )


def over_time(tally: Tally) -> style.Picture:
    """Answers by when they came, stacked by what users got."""
    if not tally.answers:
        return style.empty("No answer in this log.")
    width_ms, bars = _bars(tally)
    drawn, axes = style.figure(4.4)
    edges = sorted(bars)
    below = [0] * len(edges)
    for kind, (name, colour, hatch) in LOOKS.items():
        if not tally.kinds[kind]:
            continue
        heights = [bars[edge][kind] for edge in edges]
        axes.bar(
            [style.day(edge) for edge in edges],
            heights,
            width=width_ms / MS_A_DAY * 0.92,
            bottom=below,
            align="edge",
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
            label=f"{name}: {tally.kinds[kind]:,}",
        )
        below = [low + height for low, height in zip(below, heights, strict=True)]
    style.title(axes, "What users got")
    style.time_axis(axes, min(edges), max(edges) + width_ms)
    style.whole_numbers(axes)
    axes.set_ylim(0, max(below) * 1.12)
    axes.set_ylabel(f"answers per {width_ms / 1000:g} s")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=4, frameon=False, fontsize=12)
    return style.Picture(drawn, "Answers by when they came and what they were.")


def waiting(tally: Tally) -> style.Picture:
    """Which share of the answers came within which time."""
    if not tally.times:
        return style.empty("No answer says how long it took.")
    drawn, axes = style.figure(3.8)
    total, seen = tally.times.total(), 0
    places, shares = [0.0], [0.0]
    for took in sorted(tally.times):
        seen += tally.times[took]
        places.append(took / 1000)
        shares.append(100 * seen / total)
    right = max(places[-1] * 1.08, 0.1)
    axes.step([*places, right], [*shares, 100.0], where="post", color=style.BLUE, linewidth=2.6)
    axes.set_xlim(0, right)
    axes.set_ylim(0, 104)
    axes.set_yticks([0, 50, 95, 100], ["0 %", "50 %", "95 %", "100 %"])
    axes.grid(color="#E4E4E4", linewidth=0.8)
    style.title(axes, f"Half within {percentile(tally, 50)} ms, 95 % within {percentile(tally, 95)} ms")
    axes.set_xlabel("seconds until the answer")
    axes.set_ylabel("answers")
    return style.Picture(drawn, "Time to the answer.")


def _bars(tally: Tally) -> tuple[int, dict[int, Counter[str]]]:
    first, last = min(tally.buckets) * tally.bucket_ms, max(tally.buckets) * tally.bucket_ms
    needed = (last - first) / BARS
    width = next((each * 1000 for each in style.NICE_SECONDS if each * 1000 >= needed), int(needed) + 1)
    bars: dict[int, Counter[str]] = {}
    for place, counts in tally.buckets.items():
        bars.setdefault(place * tally.bucket_ms // width * width, Counter()).update(counts)
    return width, bars
