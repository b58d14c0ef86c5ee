"""Pieces of a page that stands alone: no script, nothing from outside, fit for print.

Whatever a run holds is untrusted text. It is escaped, and characters that a reader obeys or can't see are spelled out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; border-bottom: 2px solid #1b1f24; padding-bottom: .2rem; }
.quiet { color: #57606a; font-size: .88rem; }
.ending { border-left: .35rem solid #57606a; background: #f6f8fa; padding: .6rem 1rem; margin: 1rem 0; font-size: 1.05rem; }
.ending.good { border-color: #1f6f50; background: #eef7f2; }
.ending.open { border-color: #9a6700; background: #fff8e6; }
.badge { border: 1px solid currentColor; border-radius: .25rem; padding: 0 .35rem; font-size: .78rem; font-weight: 600; white-space: nowrap; }
.badge.IRREVERSIBLE { color: #8a1c14; } .badge.REVERSIBLE { color: #7a4d00; } .badge.SAFE { color: #1f6f50; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .9rem; }
th, td { border-bottom: 1px solid #d8dee4; padding: .3rem .7rem .3rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { font-size: .8rem; color: #57606a; white-space: nowrap; overflow-wrap: normal; }
td.n { color: #57606a; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal; width: 1%; }
td.n + td { white-space: nowrap; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .75rem 0; }
dt { color: #57606a; } dd { margin: 0; overflow-wrap: anywhere; }
pre { background: #f6f8fa; border-radius: .3rem; padding: .45rem .7rem; margin: .3rem 0; font-size: .8rem; line-height: 1.4; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font-size: .85em; overflow-wrap: anywhere; }
@media print {
  body { max-width: none; margin: 0; font-size: 10pt; } h2 { break-after: avoid; } tr { break-inside: avoid; } thead { display: table-header-group; }
  a { color: inherit; text-decoration: none; } @page { margin: 18mm 15mm; }
}
"""


def page(title: str, body: Iterable[str]) -> bytes:
    """The whole page; `body` is HTML, `title` is text."""
    return (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{shown(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    ).encode("utf-8")


def shown(text: str) -> str:
    """Text as HTML; what a browser would obey or hide becomes visible."""
    return escape("".join(char if _is_plain(char) else _spelled(char) for char in text))


def section(title: str, *body: str) -> str:
    """A section with its heading."""
    return f"<h2>{shown(title)}</h2>\n" + "\n".join(body)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values; `pairs` are text. Empty values are left out."""
    rows = (f"<dt>{shown(name)}</dt><dd>{shown(value)}</dd>" for name, value in pairs if value)
    return f"<dl>{''.join(rows)}</dl>"


def grid(head: Sequence[str], rows: Iterable[Sequence[str]], nothing: str) -> str:
    """A table; the cells of `rows` are HTML. `nothing` is said where there is no row."""
    body = [f"<tr>{''.join(_cell(cell, at) for at, cell in enumerate(row))}</tr>" for row in rows]
    if not body:
        return f"<p>{shown(nothing)}</p>"
    names = "".join(f"<th>{shown(name)}</th>" for name in head)
    return f"<table><thead><tr>{names}</tr></thead><tbody>\n" + "\n".join(body) + "\n</tbody></table>"


def link(path: str) -> str:
    """A link to a file of the bundle; `path` is one of our own safe names."""
    return f'<a href="{escape(path)}">{shown(path)}</a>'


def excerpt(text: str, most_lines: int, most_characters: int) -> str:
    """The beginning of a text as it stands, and how much is left out."""
    cut = "\n".join(text[:most_characters].split("\n")[:most_lines]).rstrip("\n")
    left = len(text.rstrip("\n")) - len(cut)
    more = f'\n<span class="quiet">… {left} more characters in the file</span>' if left > 0 else ""
    return f"<pre>{shown(cut)}{more}</pre>" if cut else ""


def _cell(content: str, at: int) -> str:
    return f'<td class="n">{content}</td>' if at == 0 else f"<td>{content}</td>"


def _is_plain(char: str) -> bool:
    return char in "\n\t" or unicodedata.category(char) not in _HIDDEN


def _spelled(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
