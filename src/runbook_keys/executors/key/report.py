"""The one-page report of a notebook: everything in one file, no script, nothing from outside, fit for print.

What a notebook shows is untrusted: text is escaped, HTML keeps its tables and plain formatting only, SVG is shown as a
picture (where no script in it can run), and the page forbids everything else by its own policy.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from markdown_it import MarkdownIt

from runbook_keys.book.notebook_text import source_of
from runbook_keys.executors.key.plain_html import plain_html
from runbook_keys.model.key import KeyMetadata

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MOST_LINES = 400
_MOST_ROWS = 50
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.55 system-ui, sans-serif; color: #1b1f24; background: #fff; max-width: 52rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .25rem; } h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1.05rem; }
.answer { font-size: 1.25rem; font-weight: 600; line-height: 1.4; } .quiet { color: #57606a; font-size: .9rem; }
.answer { border-left: .3rem solid #1f6f50; background: #eef7f2; padding: .6rem 1rem; margin: 1rem 0; font-size: 1.1rem; }
.failed { border-left: .3rem solid #b3261e; background: #fdf1f0; padding: .6rem 1rem; margin: 1rem 0; }
table { border-collapse: collapse; margin: .75rem 0; font-size: .92rem; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #d8dee4; padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top; }
td > table, td > ul { margin: 0; } td > ul { padding-left: 1.1rem; }
td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
pre { background: #f6f8fa; border-radius: .3rem; padding: .7rem .9rem; overflow-x: auto; font-size: .83rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
img { max-width: 100%; height: auto; margin: .5rem 0; }
details { margin: .4rem 0; } summary { color: #57606a; font-size: .85rem; cursor: pointer; }
@media print { body { max-width: none; margin: 0; } details { display: none; } }
"""


@dataclass(frozen=True)
class Findings:
    """What a report is made of. `ending` says why there is no result; `cells` are those that were run, with outputs."""

    metadata: KeyMetadata
    arguments: Mapping[str, Any]
    ending: str
    result: Mapping[str, Any] | None
    cells: Sequence[Mapping[str, Any]]


def report(found: Findings) -> str:
    """The whole page: the answer first, then the notebook as it reads, then every figure of the result."""
    body = "\n".join((*_head(found), *_cells(found.cells), *_figures(found)))
    title = escape(found.metadata.title)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _head(found: Findings) -> list[str]:
    key = found.metadata
    lines = [
        f'<p class="quiet">{escape(key.title)}: {escape(key.slug)} {escape(key.version)}</p>',
        f'<p class="quiet">{escape(key.description)}</p>',
    ]
    if found.ending:
        return [*lines, f'<p class="failed">{escape(found.ending)}</p>']
    answer = (found.result or {}).get("answer")
    return [*lines, f'<p class="answer">{escape(answer)}</p>'] if isinstance(answer, str) else lines


def _figures(found: Findings) -> list[str]:
    result = {name: each for name, each in (found.result or {}).items() if name != "answer"}
    lines = ["<h2>All figures</h2>", _table(result)] if result else []
    return [*lines, "<h2>Asked with</h2>", _table(found.arguments)] if found.arguments else lines


def _table(values: Mapping[str, Any]) -> str:
    rows = (f"<tr><th>{_words(name)}</th><td>{_value(each)}</td></tr>" for name, each in values.items())
    return f"<table>{''.join(rows)}</table>"


def _value(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case None | [] | "":
            return "–"
        case float():
            return escape(f"{value:.6g}")
        case dict():
            return _table(value) if value else "–"
        case [dict(), *_]:
            return _rows([each for each in value if isinstance(each, dict)])
        case list():
            items = (f"<li>{_value(each)}</li>" for each in value[:_MOST_ROWS])
            return f"<ul>{''.join(items)}</ul>{_left_out(value)}"
        case _:
            return escape(str(value))


def _rows(values: Sequence[Mapping[str, Any]]) -> str:
    """A list of objects as one table with a column for each of their names."""
    names = list(dict.fromkeys(name for each in values[:_MOST_ROWS] for name in each))
    head = "".join(f"<th>{_words(name)}</th>" for name in names)
    rows = (
        f"<tr>{''.join(f'<td>{_value(each.get(name))}</td>' for name in names)}</tr>"
        for each in values[:_MOST_ROWS]
    )
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>{_left_out(values)}"


def _left_out(values: Sequence[Any]) -> str:
    more = len(values) - _MOST_ROWS
    return f'<p class="quiet">{more:,} more in the result itself.</p>' if more > 0 else ""


def _words(name: object) -> str:
    return escape(str(name).replace("_", " "))


def _cells(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    return [line for cell in cells for line in _CELLS[cell["cell_type"]](cell)]


def _markdown(cell: Mapping[str, Any]) -> list[str]:
    return [_renderer().render(source_of(cell))]


def _code(cell: Mapping[str, Any]) -> list[str]:
    shown = [text for output in cell.get("outputs", ()) if (text := _OUTPUTS[output["output_type"]](output))]
    code = f"<details><summary>Code</summary><pre>{escape(source_of(cell))}</pre></details>"
    return [*shown, code]


def _nothing(_cell: Mapping[str, Any]) -> list[str]:
    return []


def _stream(output: Mapping[str, Any]) -> str:
    text = _cut(_ANSI.sub("", output["text"])).strip("\n")
    return f"<pre>{escape(text)}</pre>" if text else ""


def _error(output: Mapping[str, Any]) -> str:
    trace = _ANSI.sub("", "\n".join(output["traceback"]))
    head = f"{escape(output['ename'])}: {escape(output['evalue'])}"
    return (
        f'<p class="failed">{head}</p><details><summary>Trace</summary><pre>{escape(trace)}</pre></details>'
    )


def _display(output: Mapping[str, Any]) -> str:
    data = output["data"]
    if "application/json" in data:
        return ""  # the declared result, which stands above as the answer
    for kind, shown in _KINDS.items():
        if kind in data:
            return shown(_text(data[kind]))
    return ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "".join(map(str, value))


def _svg(text: str) -> str:
    data = base64.b64encode(text.encode("utf-8", "replace")).decode()
    return f'<img alt="A picture of the analysis" src="data:image/svg+xml;base64,{data}">'


def _bitmap(kind: str) -> Callable[[str], str]:
    def shown(text: str) -> str:
        data = re.sub(r"[^A-Za-z0-9+/=]", "", text)
        return f'<img alt="A picture of the analysis" src="data:{kind};base64,{data}">'

    return shown


def _plain(text: str) -> str:
    return f"<pre>{escape(_cut(_ANSI.sub('', text)))}</pre>"


def _cut(text: str) -> str:
    lines = text.split("\n")
    more = len(lines) - _MOST_LINES
    return (
        text if more <= 0 else "\n".join([*lines[:_MOST_LINES], f"[{more} more lines in the executed copy]"])
    )


def _renderer() -> MarkdownIt:
    """Markdown without raw HTML; links and pictures become their words."""
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    for rule in ("link_open", "link_close"):
        made.add_render_rule(rule, _unlinked)
    made.add_render_rule("image", _unpictured)
    return made


def _unlinked(_self: Any, _tokens: Any, _index: int, _options: Any, _environment: Any) -> str:
    return ""


def _unpictured(_self: Any, tokens: Any, index: int, _options: Any, _environment: Any) -> str:
    return escape(tokens[index].content)


_CELLS: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "markdown": _markdown,
    "code": _code,
    "raw": _nothing,
}
_OUTPUTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "stream": _stream,
    "error": _error,
    "display_data": _display,
    "execute_result": _display,
}
_KINDS: dict[str, Callable[[str], str]] = {
    "image/svg+xml": _svg,
    "image/png": _bitmap("image/png"),
    "image/jpeg": _bitmap("image/jpeg"),
    "text/html": plain_html,
    "text/markdown": lambda text: str(_renderer().render(text)),
    "text/latex": _plain,
    "text/plain": _plain,
}
