"""A reader for PDF pages: what a person sees on each, in the order it was set, and how high its letters are."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_OBJECT = re.compile(rb"(?<!\d)(\d+) 0 obj\n?(.*?)\nendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)
_FONT = re.compile(rb"/(f\d+) ([\d.]+) Tf")
_IN_STRING = re.compile(rb"\\(?:[0-7]{1,3}|.)|[()]", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@dataclass(frozen=True)
class Page:
    """One page: its text without any spaces, its size in points, the heights of its letters by font in points."""

    text: str
    size: tuple[float, float]
    heights: dict[str, float]


def pages_of(pdf: bytes) -> list[Page]:
    """Every page of a PDF as Typst writes it."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    kids = re.search(rb"/Kids\[([^\]]*)\]", next(b for b in objects.values() if b"/Type/Pages" in b))
    assert kids is not None
    return [_page(objects, int(number)) for number in re.findall(rb"(\d+) 0 R", kids[1])]


def _page(objects: dict[int, bytes], number: int) -> Page:
    page = objects[number]
    box = re.search(rb"/MediaBox\[0 0 ([\d.]+) ([\d.]+)\]", page)
    assert box is not None
    resources = objects[_reference(page, b"Resources")]
    fonts = {name.decode(): objects[int(at)] for name, at in re.findall(rb"/(f\d+) (\d+) 0 R", resources)}
    letters = {
        name: _letters(_stream(objects[_reference(font, b"ToUnicode")])) for name, font in fonts.items()
    }
    text, heights, current = "", {}, ""
    for font, points, shown in _shown(_stream(objects[_reference(page, b"Contents")])):
        if font:
            current = font
            family = re.search(rb"\+(\w+)", fonts[current])
            key = family[1].decode() if family else current
            heights[key] = min(heights.get(key, 1000), points)
        else:
            text += _words(letters[current], shown)
    return Page("".join(text.split()), (float(box[1]), float(box[2])), heights)


def _shown(content: bytes) -> Iterator[tuple[str, float, bytes]]:
    """Each change of the font and each string, in turn."""
    at = 0
    while at < len(content):
        start = content.find(b"(", at)
        start = len(content) if start < 0 else start
        yield from ((name.decode(), float(points), b"") for name, points in _FONT.findall(content[at:start]))
        at = _end_of_string(content, start)
        yield "", 0, content[start + 1 : at - 1]


def _end_of_string(content: bytes, start: int) -> int:
    """Parentheses in a string are escaped or come in pairs (ISO 32000-1, 7.3.4.2)."""
    depth = 0
    for mark in _IN_STRING.finditer(content, start):
        depth += {b"(": 1, b")": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.end()
    return len(content)


def _reference(body: bytes, name: bytes) -> int:
    found = re.search(rb"/%s (\d+) 0 R" % name, body)
    assert found is not None, name
    return int(found[1])


def _stream(body: bytes) -> bytes:
    found = _STREAM.search(body)
    assert found is not None
    return zlib.decompress(found[1]) if b"/FlateDecode" in body else found[1]


def _letters(unicode_map: bytes) -> dict[int, str]:
    tables = b"".join(re.findall(rb"beginbfchar(.*?)endbfchar", unicode_map, re.DOTALL))
    pairs = re.findall(rb"<([0-9a-fA-F]{4})>\s*<([0-9a-fA-F]+)>", tables)
    return {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in pairs}


def _words(letters: dict[int, str], string: bytes) -> str:
    raw = _ESCAPE.sub(_unescaped, string)
    return "".join(letters.get(int.from_bytes(raw[at : at + 2]), "") for at in range(0, len(raw), 2))


def _unescaped(match: re.Match[bytes]) -> bytes:
    escaped = match[1]
    return bytes([int(escaped, 8)]) if escaped.isdigit() else _PLAIN.get(escaped, escaped)
