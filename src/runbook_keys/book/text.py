"""Bytes as lines that keep their endings, so that what was read can be written back unchanged."""

from __future__ import annotations

import re

from msgspec import Struct

from runbook_keys.book.problem import Problem, Problems

# More than this nobody follows at night; it also bounds what a hostile text can cost (under a second for all of it).
MAX_BYTES = 262_144
MAX_LINES = 5_000

# CommonMark 2.1: a line ends with CRLF, LF or CR alone. Form feed, U+2028 and the rest are characters of the line.
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_BOM = "\ufeff"


class Line(Struct, frozen=True):
    """One line as bytes: its content, and its ending (`\\n`, `\\r\\n`, `\\r` or nothing at the end of the file)."""

    content: bytes
    ending: bytes


def split_lines(source: bytes) -> tuple[Line, ...]:
    """The lines of `source`; joined again they are `source`."""
    return tuple(_line(raw) for raw in _LINE.findall(source))


def _line(raw: bytes) -> Line:
    content = raw.rstrip(b"\r\n")
    return Line(content, raw[len(content) :])


def join_lines(lines: tuple[Line, ...] | list[Line]) -> bytes:
    """The bytes that `lines` were made from."""
    return b"".join(line.content + line.ending for line in lines)


def refusal(source: bytes) -> Problem | None:
    """Why this text is too big to be read, found without reading it; None where it is not."""
    if len(source) > MAX_BYTES:
        return Problem(
            0,
            "too-large",
            f"The file has {len(source):,} bytes; a runbook has at most {MAX_BYTES:,}.",
            "Split it into several runbooks that hand off to each other.",
        )
    lines = source.count(b"\n") + source.count(b"\r")
    if lines > MAX_LINES:
        return Problem(
            0,
            "too-large",
            f"The file has {lines:,} lines; a runbook has at most {MAX_LINES:,}.",
            "Split it into several runbooks that hand off to each other.",
        )
    return None


def decode(source: bytes, problems: Problems) -> str:
    """`source` as text with one `\\n` per line; what is not UTF-8 becomes U+FFFD and a problem."""
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        problems.append(_not_utf8(source, error.start))
        text = source.decode("utf-8", errors="replace")
    if "\0" in text:
        problems.append(_nul(text))
    return text.removeprefix(_BOM).replace("\r\n", "\n").replace("\r", "\n")


def _not_utf8(source: bytes, offset: int) -> Problem:
    before = split_lines(source[:offset])
    line = len(before) + (1 if not before or before[-1].ending else 0)
    return Problem(
        line,
        "not-utf8",
        f"Line {line} holds the byte 0x{source[offset]:02x}, which is not UTF-8 text.",
        "Save the file as UTF-8.",
    )


def _nul(text: str) -> Problem:
    line = len(re.findall(r"\r\n|\r|\n", text[: text.index("\0")])) + 1
    return Problem(
        line,
        "nul-character",
        f"Line {line} holds a NUL character, which no command can carry.",
        "Remove the character.",
    )
