"""Takes secrets out of a stream of bytes before anything else sees them.

Secrets are searched by value, in every form of `secret_forms`, over the output with its line breaks taken out. The
search is linear: every form is at least 8 bytes long, so wherever it stands it holds a whole group of four bytes at a
position that is a multiple of four. Only output with such a group in it is looked at more closely.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from runbook_keys.errors import RefusedInput
from runbook_keys.executors.secret_forms import LINE_BREAKS, SHORTEST_BYTES, forms

_GROUP = 4
_BREAK = re.compile(rb"[\r\n]")


class _Match(NamedTuple):
    start: int
    end: int
    name: str


class _Table(NamedTuple):
    """What is searched for: `anchors` maps a group to the forms it stands in and where, `openings` starts to forms."""

    names: dict[bytes, str]
    anchors: dict[int, list[tuple[bytes, int]]]
    openings: dict[bytes, list[bytes]]
    longest: int


class Masker:
    """Replaces secrets in a stream by `[secret NAME]`, whatever the chunks are.

    It holds back at most what may be the beginning of a secret; `flush` gives that out at the end. Line breaks inside
    a secret go with it, all other bytes pass unchanged. Raises `RefusedInput` for a secret under 8 bytes.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._table = _table(tuple(sorted(secrets.items())))
        self._held = b""
        self._covered = (
            0  # so many bytes of `_held`, line breaks not counted, are in a replacement given out already
        )

    def feed(self, data: bytes) -> bytes:
        """What is now certain to hold no secret, with secrets replaced."""
        if not self._table.names:
            return data
        self._held += data
        return self._give_out(is_final=False)

    def flush(self) -> bytes:
        """The rest; the masker is then as new."""
        return self._give_out(is_final=True)

    def _give_out(self, *, is_final: bool) -> bytes:
        text = self._held.translate(None, LINE_BREAKS)
        keep_from = len(text) if is_final else self._first_opening(text)
        matches = [m for m in self._matches(text) if m.start < keep_from]
        if not matches and not self._covered and keep_from == len(text):
            given, self._held = self._held, b""
            return given
        original = _Original(self._held)
        given = b"".join(self._pieces(original, matches, keep_from))
        last = max((m.end for m in matches), default=0)
        self._held = self._held[original.index(keep_from) :]
        self._covered = max(0, max(last, self._covered) - keep_from)
        return given

    def _pieces(self, original: _Original, matches: list[_Match], keep_from: int) -> Iterator[bytes]:
        done = self._covered
        for match in matches:
            if match.start >= done:
                yield original.between(done, match.start)
                yield f"[secret {match.name}]".encode()
            done = max(done, match.end)
        yield original.between(done, keep_from)

    def _matches(self, text: bytes) -> list[_Match]:
        """All matches by start, the longest first where several start together."""
        anchors = self._table.anchors
        groups = memoryview(text)[: len(text) // _GROUP * _GROUP].cast("I")
        if anchors.keys().isdisjoint(groups):
            return []
        found = {
            _Match(start, start + len(form), self._table.names[form])
            for at, group in enumerate(groups)
            if group in anchors
            for form, offset in anchors[group]
            if (start := at * _GROUP - offset) >= 0 and text.startswith(form, start)
        }
        return sorted(found, key=lambda m: (m.start, -m.end, m.name))

    def _first_opening(self, text: bytes) -> int:
        """Where the first tail of `text` begins that may grow into a form; its length if there is none."""
        openings = self._table.openings
        for start in range(max(0, len(text) - self._table.longest + 1), len(text)):
            candidates = openings.get(text[start : start + _GROUP])
            if candidates and any(form.startswith(text[start:]) for form in candidates):
                return start
        return len(text)


class _Original:
    """Finds places of the text without line breaks again in the text with them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._breaks = [m.start() - nth for nth, m in enumerate(_BREAK.finditer(data))]

    def index(self, place: int) -> int:
        return place + bisect_right(self._breaks, place)

    def between(self, start: int, end: int) -> bytes:
        """The bytes of places `start` to `end`, with the line breaks between and after them."""
        return self._data[self._after(start) : self.index(end)] if end >= start else b""

    def _after(self, place: int) -> int:
        """The first byte behind place - 1: a line break there belongs to what follows."""
        return self.index(place - 1) + 1 if place else 0


def unmaskable(secrets: Mapping[str, str]) -> str | None:
    """Why these secrets can't be masked, in sentences; None if they can."""
    try:
        Masker(secrets)
    except RefusedInput as error:
        return str(error)
    return None


def mask_text(text: str, secrets: Mapping[str, str]) -> str:
    """`text` with all secrets replaced, for texts that are there as a whole: rows, messages, errors."""
    masker = Masker(secrets)
    data = text.encode("utf-8", "surrogatepass")
    return (masker.feed(data) + masker.flush()).decode("utf-8", "surrogatepass")


@lru_cache(maxsize=8)
def _table(secrets: tuple[tuple[str, str], ...]) -> _Table:
    names: dict[bytes, str] = {}
    for name, value in secrets:
        for form in _checked_forms(name, value):
            names.setdefault(form, name)
    table = _Table(names, {}, {}, max(map(len, names), default=0))
    for form in names:
        _add(table, form)
    return table


def _checked_forms(name: str, value: str) -> frozenset[bytes]:
    raw = value.encode("utf-8", "surrogateescape")
    if len(raw.translate(None, LINE_BREAKS)) < SHORTEST_BYTES:
        raise RefusedInput(
            f"The secret {name} is shorter than {SHORTEST_BYTES} bytes, so it can't be masked in output. "
            "Use a longer secret, or declare the input as not secret."
        )
    return forms(raw)


def _add(table: _Table, form: bytes) -> None:
    for residue in range(_GROUP):
        offset = max(
            range(residue, len(form) - _GROUP + 1, _GROUP), key=lambda at: len(set(form[at : at + _GROUP]))
        )
        group = int.from_bytes(form[offset : offset + _GROUP], sys.byteorder)
        table.anchors.setdefault(group, []).append((form, offset))
    for length in range(1, _GROUP + 1):
        table.openings.setdefault(form[:length], []).append(form)
