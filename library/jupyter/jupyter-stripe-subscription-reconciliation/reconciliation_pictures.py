"""The pictures of the reconciliation: the answer, and how many records differ in which way."""

from typing import Any

import picture_style as style
from differing_records import KINDS
from reconciliation_answer import NAMES

LOOKS = {
    "missing_here": (style.VERMILION, "//"),
    "orphaned": (style.PURPLE, "xx"),
    "duplicated": (style.ORANGE, "\\\\"),
    "status_differs": (style.BLUE, ".."),
    "amount_differs": (style.GREEN, "++"),
    "details_differ": (style.GREY, ""),
}


def answer(found: dict[str, Any]) -> style.Picture:
    """The sentence and the numbers that a person wants first."""
    euros = found["cents_too_much"] / 100
    return style.headline(
        found["answer"],
        [
            (f"{found['differ']:,}", f"differ of {found['compared']:,}"),
            (f"{found['subscriptions_differ']:,}", "subscriptions"),
            (f"{found['invoices_differ']:,}", "invoices"),
            (f"{euros:+,.2f}", "paid too much by our invoices"),
        ],
    )


def by_kind(found: dict[str, Any]) -> style.Picture:
    """A bar for each way to differ."""
    if not found["differ"]:
        return style.empty("Nothing differs.")
    drawn, axes = style.figure(3.6)
    for place, kind in enumerate(reversed(KINDS)):
        colour, hatch = LOOKS[kind]
        axes.barh(place, found[kind], color=colour, hatch=hatch, edgecolor="white", linewidth=0)
        axes.text(found[kind], place, f"  {found[kind]:,}", va="center", fontsize=13)
    axes.set_yticks(range(len(KINDS)), [NAMES[kind] for kind in reversed(KINDS)])
    axes.set_xlim(0, max(found[kind] for kind in KINDS) * 1.15)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    style.title(axes, "How they differ")
    return style.Picture(drawn, "How many records differ in which way.")
