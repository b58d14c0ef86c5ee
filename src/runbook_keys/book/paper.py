"""Lines short enough for paper, and still the same Markdown: no line break turns words into markup."""

from __future__ import annotations

import re
import textwrap

WIDTH = 76

# What starts a block where it starts a line (CommonMark 4 and 5): such a word stays behind the one before it. A
# condition such as `json.count > 5` would else print as a quotation.
_BEFORE_A_MARKER = re.compile(
    r" (?=>|<[A-Za-z/!?]|(?:[-+*]|#{1,6}|[0-9]{1,9}[.)])(?: |$)|(?:=+|-{2,}|\*{2,}|_{2,})(?: |$)|`{3}|~{3}|\|)"
)
_KEPT_TOGETHER = "\x1f"
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_START = re.compile(r"[ ]*(?:(?:[-+*]|[0-9]{1,9}[.)])[ ]+(?:\[[ xX]\][ ]+)?)?")
_NOT_WORDS = re.compile(r"[ ]*[#|<>]|\t|[ ]{4}")


def wrapped(text: str, mark: str = "") -> str:
    """`text` in lines of at most `WIDTH` columns behind `mark`; longer only where one word is."""
    lines = textwrap.wrap(
        _BEFORE_A_MARKER.sub(_KEPT_TOGETHER, " ".join(text.split())),
        WIDTH,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(_KEPT_TOGETHER, " ")


def wrapped_prose(markdown: str) -> str:
    """The author's Markdown with its long lines of words wrapped; code, tables, headings and HTML stay as they are."""
    found: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        opening = _FENCE.match(line)
        is_code = bool(fence or opening)
        if opening and not fence:
            fence = opening[1]
        elif fence and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        found.append(line if is_code or len(line) <= WIDTH or _NOT_WORDS.match(line) else _wrapped_line(line))
    return "\n".join(found)


def _wrapped_line(line: str) -> str:
    start = _START.match(line)
    mark = start[0] if start else ""
    # Two spaces at the end of a line are a line break of the author's.
    end = "  " if line.endswith("  ") else ""
    return wrapped(line[len(mark) :], mark) + end
