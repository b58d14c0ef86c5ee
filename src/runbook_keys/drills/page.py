"""The drills of one or more runbooks as one page: the trees drawn, what was taken coloured, the verdicts in a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from runbook_keys.drills.result import Coverage, DrillResult
from runbook_keys.drills.tree_drawing import COLOURS, drawing
from runbook_keys.model.runbook import Runbook

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1a1a1a; background: #fff; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; } .failed { color: #b00020; font-weight: 600; }
svg { width: 100%; height: auto; font: 13px system-ui, sans-serif; margin: 1rem 0; } svg .step { font-weight: 600; }
h2 { margin-top: 3rem; } .legend span { margin-right: 1.5rem; } .scroll { overflow-x: auto; }
"""

Drilled = tuple[Runbook, Sequence[DrillResult], Coverage]


def page(drilled: Sequence[Drilled]) -> str:
    """Self-contained HTML without script; a sentence, a table and a tree per runbook."""
    results = [result for _, found, _ in drilled for result in found]
    failed = sum(bool(result.failures) for result in results)
    words = f"{len(results)} drills, {failed} failed." if failed else f"{len(results)} drills, all passed."
    body = "".join(_runbook(*each) for each in drilled)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Drills: {words}</title><style>{_STYLE}</style></head>"
        f"<body><h1>Drills</h1><p>{words}</p>{_legend()}{body}</body></html>"
    )


def _legend() -> str:
    marks = {"taken": "taken by a drill", "excused": "excused, with a reason", "not taken": "not taken"}
    spans = "".join(
        f'<span style="color:{COLOURS[state]}">■ {words}</span>' for state, words in marks.items()
    )
    return f'<p class="legend">{spans}</p>'


def _runbook(runbook: Runbook, results: Sequence[DrillResult], found: Coverage) -> str:
    reasons = "".join(f"<li>{escape(name)}: {escape(why)}</li>" for name, why in found.excused.items())
    return (
        f"<h2>{escape(runbook.title)}</h2>"
        f"<p>{len(found.taken)} of {found.total} branches taken ({found.percent} %), "
        f"{len(found.excused)} excused, {len(found.unexplained)} not taken.</p>"
        f'<div class="scroll">{_table(results)}</div>'
        f"{drawing(runbook, found.taken, found.excused)}"
        + (f"<h3>Excused</h3><ul>{reasons}</ul>" if reasons else "")
    )


def _table(results: Iterable[DrillResult]) -> str:
    head = "<tr><th>Fault</th><th>Verdict</th><th>End</th>"
    head += "".join(f'<th class="number">{name}</th>' for name in ("Steps", "Asked", "Seconds")) + "</tr>"
    return f"<table>{head}{''.join(map(_row, results))}</table>"


def _row(result: DrillResult) -> str:
    verdict = (
        "passed"
        if not result.failures
        else f'<span class="failed">FAILED</span>: {escape(" ".join(result.failures))}'
    )
    numbers = (str(len(result.path)), str(result.questions), f"{result.milliseconds / 1000:.1f}")
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    name = f"<b>{escape(result.drill)}</b><br>{escape(result.description)}"
    return f"<tr><td>{name}</td><td>{verdict}</td><td>{result.ending or 'open'}</td>{cells}</tr>"
