"""The pictures of the analysis: damaged questions over the log, and their length."""

from typing import Any

import picture_style as style
from questions import SIGNS, Reading
from stretch import Stretch

COLOURS = dict(zip(SIGNS, (style.VERMILION, style.PURPLE, style.BLUE, style.ORANGE), strict=True))
BARS = 60


def answer(found: dict[str, Any]) -> style.Picture:
    """The sentence and the numbers that a person wants first."""
    return style.headline(
        found["answer"],
        [
            (f"{found['damaged']:,}", f"damaged of {found['questions']:,}"),
            (found["main_sign"].replace("none", "–"), "main sign"),
            ((found["began_at"] or "–")[11:19] or "–", "began, UTC"),
            (f"{found['p_value']:.2g}" if found["p_value"] else "< 1e-6", "chance alone"),
        ],
    )


def by_place(reading: Reading, stretch: Stretch | None) -> style.Picture:
    """Damaged questions by sign, from the oldest to the newest."""
    asked = reading.questions
    size = max(1, -(-len(asked) // BARS))
    starts = list(range(0, len(asked), size))
    drawn, axes = style.figure(4.2)
    below = [0.0] * len(starts)
    for name in SIGNS:
        heights = [100 * sum(each.sign == name for each in asked[at : at + size]) / size for at in starts]
        if any(heights):
            axes.bar(
                starts, heights, size * 0.92, bottom=below, align="edge", color=COLOURS[name], label=name
            )
            below = [low + height for low, height in zip(below, heights, strict=True)]
    axes.set_ylim(0, 105)
    axes.set_xlim(0, len(asked))
    axes.set_xlabel("questions, oldest to newest")
    axes.set_ylabel("% damaged")
    if stretch:
        axes.axvline(stretch.first, color=style.INK, linestyle=(0, (4, 2)))
    if any(below):
        axes.legend(frameon=False, loc="upper left")
    style.title(axes, f"{sum(bool(each.sign) for each in asked):,} of {len(asked):,} questions damaged")
    return style.Picture(drawn, "Damaged questions by sign, oldest to newest.")


def lengths(reading: Reading) -> style.Picture:
    """How long questions are: the older half and the newest quarter."""
    asked = reading.questions
    drawn, axes = style.figure(3.6)
    sides = (
        ("older half", asked[: len(asked) // 2], style.GREY),
        ("newest quarter", asked[-(len(asked) // 4) :], style.BLUE),
    )
    for name, side, colour in sides:
        found = [each.length for each in side]
        weights = [100 / len(found)] * len(found)
        axes.hist(found, bins=range(0, 121, 5), weights=weights, color=colour, alpha=0.7, label=name)
    axes.set_xlabel("characters")
    axes.set_ylabel("% of questions")
    axes.legend(frameon=False)
    style.title(axes, "Length of questions")
    return style.Picture(drawn, "Length of questions, older and newest.")
