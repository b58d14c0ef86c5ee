"""One measured line and the table that is made of them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct


class Row(Struct, frozen=True):
    """`ours` and `reference` are per second unless the name says otherwise; `aim` is in words, as for `ratio`."""

    name: str
    ours: float
    reference: float
    ratio: float
    aim: str = ""


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    head = "| What | Ours | Reference | Ratio | Aim |\n|---|---:|---:|---:|---|\n"
    return head + "".join(
        f"| {row.name} | {row.ours:,.0f} | {row.reference:,.0f} | {row.ratio:.2f} | {row.aim} |\n"
        for row in rows
    )
