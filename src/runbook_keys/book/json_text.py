"""JSON with the line of everything in it, and all that is wrong with it at once.

The standard library's reader forgets lines, keeps the last of two equal names in silence and accepts NaN (RFC 8259
refuses it, section 6; equal names are unpredictable, section 4).
"""

from __future__ import annotations

import json
import re
from typing import Any

from runbook_keys.book.problem import Problem, Problems

MAX_BYTES = 1_048_576
MAX_DEPTH = 20

Path = tuple[str | int, ...]
"""Where a value stands: names of fields and places in lists, outermost first."""

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,3})?(?![0-9.eE])")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_WORD = re.compile(r"-?[A-Za-z]+")
_CONSTANTS = {"true": True, "false": False, "null": None}


class NotJson(Exception):
    """The text stops being JSON at `position`; the message says what was wrong."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.position = position


class JsonText:
    """One text read: `value` is None where nothing could be read; `lines` holds the line of every value by path."""

    def __init__(self, data: bytes, problems: Problems) -> None:
        self.value: Any = None
        self.lines: dict[Path, int] = {(): 1}
        self._problems = problems
        self._text = _decoded(data, problems)
        self._line, self._counted_to = 1, 0
        if self._text:
            self._read()

    def line(self, path: Path) -> int:
        """The line of a value; of what it stands in where it is not there itself."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def _read(self) -> None:
        try:
            value, end = self._value(0, ())
            if self._skip(end) != len(self._text):
                raise NotJson("Something follows after the end of the object.", self._skip(end))
        except NotJson as refusal:
            line = self._text.count("\n", 0, refusal.position) + 1
            self._problems.append(
                Problem(line, "not-json", str(refusal), "Correct this line or the one before.")
            )
        else:
            self.value = value

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def _value(self, at: int, path: Path) -> tuple[Any, int]:
        at = self._skip(at)
        # Positions only grow, so lines are counted on from the last one: the whole text is counted once.
        self._line += self._text.count("\n", self._counted_to, at)
        self._counted_to = at
        self.lines.setdefault(path, self._line)
        if len(path) >= MAX_DEPTH:
            raise NotJson(f"It is nested deeper than {MAX_DEPTH}.", at)
        match self._text[at : at + 1]:
            case "{":
                return self._object(at + 1, path)
            case "[":
                return self._list(at + 1, path)
            case '"':
                return self._string(at)
            case _:
                return self._word(at)

    def _object(self, at: int, path: Path) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        at = self._skip(at)
        while self._text[at : at + 1] != "}":
            if found or self._text[at : at + 1] != '"':
                at = self._after_comma(at, found, "}")
            name, at = self._string(at)
            at = self._skip(at)
            if self._text[at : at + 1] != ":":
                raise NotJson(f'A colon is missing after "{name[:60]}".', at)
            value, at = self._value(at + 1, (*path, name))
            if name in found:
                self._twice(name)
            found.setdefault(name, value)
            at = self._skip(at)
        return found, at + 1

    def _list(self, at: int, path: Path) -> tuple[list[Any], int]:
        found: list[Any] = []
        at = self._skip(at)
        while self._text[at : at + 1] != "]":
            if found:
                at = self._after_comma(at, found, "]")
            value, at = self._value(at, (*path, len(found)))
            found.append(value)
            at = self._skip(at)
        return found, at + 1

    def _after_comma(self, at: int, found: Any, closing: str) -> int:
        if not found:
            raise NotJson("A name in double quotes is missing.", at)
        if self._text[at : at + 1] != ",":
            raise NotJson("A comma is missing." if self._text[at:] else "It ends too early.", at)
        at = self._skip(at + 1)
        if self._text[at : at + 1] == closing:
            raise NotJson(f"A comma stands before the closing {closing}.", at)
        if closing == "}" and self._text[at : at + 1] != '"':
            raise NotJson("A name in double quotes is missing.", at)
        return at

    def _string(self, at: int) -> tuple[str, int]:
        match = _STRING.match(self._text, at)
        try:
            text = json.loads(match[0]) if match else None
        except ValueError:
            text = None
        if match is None or not isinstance(text, str):
            raise NotJson(
                "A text in quotes can't be read: look for its end, line breaks and backslashes.", at
            )
        if re.search("[\ud800-\udfff]", text):
            raise NotJson("A text holds half a character (\\ud800 to \\udfff).", at)
        return text, match.end()

    def _word(self, at: int) -> tuple[Any, int]:
        if match := _NUMBER.match(self._text, at):
            number = match[0]
            return (int(number) if re.fullmatch(r"-?[0-9]+", number) else float(number)), match.end()
        match = _WORD.match(self._text, at)
        if match and match[0] in _CONSTANTS:
            return _CONSTANTS[match[0]], match.end()
        if match:
            raise NotJson(f"{match[0][:20]} is not JSON.", at)
        raise NotJson("A value is missing." if self._text[at:] else "It ends too early.", at)

    def _twice(self, name: str) -> None:
        reason = f'"{name[:60]}" stands twice in one object.'
        self._problems.append(Problem(self._line, "duplicate-field", reason, "Keep one of them."))


def _decoded(data: bytes, problems: Problems) -> str:
    if len(data) > MAX_BYTES:
        reason = f"The file has {len(data):,} bytes; pack.json has at most {MAX_BYTES:,}."
        problems.append(Problem(0, "too-large", reason, "Keep only what describes the pack."))
        return ""
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        # RFC 8259 section 8.1: a JSON text must not begin with a byte order mark.
        reason = "The file begins with a byte order mark."
        problems.append(Problem(1, "not-json", reason, "Save it as UTF-8 without one."))
        return ""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.append(
            Problem(line, "not-utf8", "A byte here is not UTF-8 text.", "Save the file as UTF-8.")
        )
        return ""
    if not text.strip():
        problems.append(
            Problem(1, "not-json", "The file is empty.", "Write { … } with the fields of a pack.")
        )
        return ""
    return text
