"""A decision tree as one SVG picture: steps in their order, ways out under them, an arc to where each leads."""

from __future__ import annotations

from collections.abc import Collection
from html import escape

from msgspec import Struct

from runbook_keys.model.runbook import Branch, Runbook, Step

ROW, LEFT, WIDTH, ARCS = 22, 16, 560, 200
MOST = 64
"""How many letters fit into a line."""

COLOURS = {"taken": "#0b6e4f", "excused": "#8a6d00", "not taken": "#b00020"}
"""Told apart without colour too: taken is solid, excused is dashed, not taken is dotted."""

_DASHES = {"taken": "", "excused": "8 4", "not taken": "2 4"}


class Row(Struct, frozen=True):
    """One line of the picture: a step, or one of its ways out (`state` says whether a drill took it)."""

    y: int
    words: str
    step: str
    target: str = ""
    state: str = ""


def drawing(runbook: Runbook, taken: Collection[str], excused: Collection[str]) -> str:
    """The picture. `taken` and `excused` hold ways out as `LABEL: words`."""
    rows = _rows(runbook, taken, excused)
    heads = {row.step: row.y for row in rows if not row.state}
    height = (rows[-1].y if rows else 0) + ROW
    parts = [
        f'<svg viewBox="0 0 {WIDTH + ARCS + LEFT} {height}" role="img" xmlns="http://www.w3.org/2000/svg">'
    ]
    parts.append(f"<title>Decision tree of {escape(runbook.title)}</title>")
    parts += [_text(row) for row in rows]
    parts += [_arc(row, heads[row.target]) for row in rows if row.target in heads]
    return "\n".join([*parts, "</svg>"])


def _rows(runbook: Runbook, taken: Collection[str], excused: Collection[str]) -> list[Row]:
    rows: list[Row] = []
    for step in runbook.steps:
        rows.append(Row((len(rows) + 1) * ROW, f"{step.label}. {step.title}  [{step.safety}]", step.label))
        for branch in step.branches:
            name = f"{step.label}: {branch.words}"
            state = "taken" if name in taken else "excused" if name in excused else "not taken"
            rows.append(_way(len(rows), step, branch, state))
    return rows


def _way(number: int, step: Step, branch: Branch, state: str) -> Row:
    target = str(branch.target)
    return Row((number + 1) * ROW, branch.words, step.label, target, state)


def _text(row: Row) -> str:
    if not row.state:
        return f'<text x="{LEFT}" y="{row.y}" class="step">{escape(_short(row.words, MOST))}</text>'
    colour = COLOURS[row.state]
    return (
        f'<text x="{LEFT + 24}" y="{row.y}" fill="{colour}">{escape(_short(row.words, MOST - len(row.target)))} → {escape(row.target)}'
        f"<title>{escape(row.words)} → {escape(row.target)} ({row.state})</title></text>"
    )


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"


def _arc(row: Row, to: int) -> str:
    start, end = row.y - 5, to - 5
    bend = WIDTH + min(ARCS - 10, 20 + abs(end - start) // 4)
    style = f'stroke="{COLOURS[row.state]}" stroke-dasharray="{_DASHES[row.state]}"'
    path = f"M {WIDTH} {start} C {bend} {start} {bend} {end} {WIDTH} {end}"
    return f'<path d="{path}" fill="none" {style}/><circle cx="{WIDTH}" cy="{end}" r="3" fill="{COLOURS[row.state]}"/>'
