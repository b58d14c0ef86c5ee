"""Exports of any size, one entry at a time: a JSON list, an object that holds one, JSON lines, CSV, or one id per line."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

BLOCK = 1 << 20
LARGEST_ENTRY = 16 << 20
_GZIP = b"\x1f\x8b"
_LIST = re.compile(r'\s*\{[^{\[]*?"(?:events|data|attempts|event_ids|deliveries)"\s*:\s*\[')
_AS_OF = re.compile(r'"as_of"\s*:\s*"([^"]*)"')
_AS_OF_LINE = "# as of "
_BETWEEN = " \t\r\n,"
_SCAN = json.JSONDecoder().raw_decode


class Export:
    """One file. After `entries` was read to its end, `as_of` and `malformed` are known too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.as_of = ""
        self.malformed = 0

    def entries(self) -> Iterator[Any]:
        """Objects or texts, in order. Raises ValueError in words when the file can't be read or is wholly empty."""
        try:
            with self._opened() as file:
                start = file.read(BLOCK)
                if not start.strip():
                    raise ValueError(f"{self.path} is empty, as if its command had failed. Export it again.")
                yield from self._of(start, file)
        except FileNotFoundError:
            raise ValueError(f"There is no file {self.path}. Export it first.") from None
        except (OSError, EOFError) as problem:
            raise ValueError(
                f"{self.path} can't be read to its end: {problem}. Export it again."
            ) from problem

    def _opened(self) -> TextIO:
        with self.path.open("rb") as file:
            is_gzip = file.read(2) == _GZIP
        if is_gzip:
            return gzip.open(self.path, "rt", encoding="utf-8-sig", errors="replace")
        return self.path.open(encoding="utf-8-sig", errors="replace")

    def _of(self, start: str, file: TextIO) -> Iterator[Any]:
        if found := _LIST.match(start):
            told = _AS_OF.search(start[: found.end()])
            self.as_of = told[1] if told else ""
            yield from self._decoded(start[found.end() :], file, is_list=True)
        elif start.lstrip()[0] == "[":
            yield from self._decoded(start.lstrip()[1:], file, is_list=True)
        elif start.lstrip()[0] == "{":
            yield from self._decoded(start, file, is_list=False)
        else:
            yield from self._of_lines(start, file)

    def _decoded(self, text: str, file: TextIO, is_list: bool) -> Iterator[Any]:
        """Entry after entry. What can't be decoded is taken for cut off until the file has no more."""
        at = 0
        while True:
            while at < len(text) and text[at] in _BETWEEN:
                at += 1
            if is_list and text[at : at + 1] == "]":
                return
            try:
                entry, at = _SCAN(text, at)
                yield entry
            except (json.JSONDecodeError, RecursionError):
                line_end = -1 if is_list else text.find("\n", at)
                if line_end >= 0:
                    self.malformed += 1
                    at = line_end + 1
                    continue
                more = file.read(BLOCK)
                text, at = text[at:] + more, 0
                if not more or len(text) > LARGEST_ENTRY:
                    self._end(text, is_list)
                    return

    def _end(self, text: str, is_list: bool) -> None:
        if is_list:
            words = f"{self.path} ends or breaks in the middle of its list. What was read is not all. Export it again."
            raise ValueError(words)
        self.malformed += bool(text.strip())

    def _of_lines(self, start: str, file: TextIO) -> Iterator[str]:
        rest = start
        while True:
            *lines, rest = rest.split("\n")
            for line in lines:
                yield from self._of_line(line)
            more = file.read(BLOCK)
            if not more:
                break
            rest = rest[-LARGEST_ENTRY:] + more
        yield from self._of_line(rest)

    def _of_line(self, line: str) -> Iterator[str]:
        line = line.strip()
        if line.startswith(_AS_OF_LINE):
            self.as_of = line.removeprefix(_AS_OF_LINE)
        elif line and not line.startswith("#"):
            yield line
