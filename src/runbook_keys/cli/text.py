"""Text made safe and fit for a plain 80-column terminal."""

from __future__ import annotations

import textwrap
import unicodedata

WIDTH = 80
RULE = "-" * WIDTH

_OBEYED_OR_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def safe(text: str) -> str:
    """`text` with nothing in it that a terminal obeys or that hides: escapes and bidi controls become visible."""
    return "".join(char if _is_plain(char) else _spelled_char(char) for char in text)


def _is_plain(char: str) -> bool:
    return char in "\n\t" or unicodedata.category(char) not in _OBEYED_OR_HIDDEN


def _spelled_char(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def one_line(text: str, width: int = WIDTH) -> str:
    """The text on one line, cut to `width` columns."""
    flat = " ".join(safe(text).split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def paragraphs(text: str, indent: str = "") -> list[str]:
    """Prose wrapped to the width; line breaks of the source are kept where they end a paragraph or a list item."""
    lines: list[str] = []
    for line in safe(text).split("\n"):
        if not line.strip():
            lines.append("")
            continue
        lead = indent + " " * (len(line) - len(line.lstrip()))
        hang = lead + ("  " if line.lstrip().startswith(("- ", "* ")) else "")
        lines += textwrap.wrap(
            line.strip(), WIDTH, initial_indent=lead, subsequent_indent=hang, break_on_hyphens=False
        ) or [""]
    return lines


def hanging(lead: str, text: str) -> list[str]:
    """`lead` and then the text, wrapped so that it hangs behind the lead. Names with hyphens stay whole, for copying."""
    flat = " ".join(safe(text).split())
    wrapped = textwrap.wrap(
        flat, WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False
    )
    return wrapped or [lead.rstrip()]


def command(text: str) -> list[str]:
    """A command as it stands, indented, never wrapped: what is shown can be copied."""
    return [f"    {line}" for line in safe(text).rstrip("\n").split("\n")]


def duration(seconds: int) -> str:
    """`45 s`, `12 min`, `2 h 05 min`."""
    if seconds < 60:
        return f"{max(seconds, 0)} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 entry`, `2 entries`; `many` is `one` with an s unless given."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
