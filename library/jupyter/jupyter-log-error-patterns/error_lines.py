"""Which lines of a log say that something failed, when, and in which words; a traceback belongs to its first line."""

import json
import re
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Any, NamedTuple

import instants
import log_lines

LONGEST_LINE = 4096
LOOKED_AT = 200
SKEW_MS = 300_000

_HINT = re.compile(
    r"ERR|Err|err|FATAL|Fatal|fatal|CRIT|crit|PANIC|anic|xception|Traceback|FAIL|Fail|fail|SEVERE|EMERG|ALERT|\" 5\d\d "
)
_HINTS = "ERR Err err FATAL Fatal fatal CRIT crit PANIC anic xception Traceback FAIL Fail fail SEVERE EMERG ALERT".split()
_LEVEL = re.compile(
    r"\b(?:(?P<bad>ERROR|ERR|FATAL|CRITICAL|CRIT|ALERT|EMERG|PANIC|SEVERE)"
    r"|(?P<good>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING))\b",
    re.IGNORECASE,
)
_FAILING = re.compile(
    r"\b(?:error|exception|fatal|panic|traceback|fail(?:ed|ure)?)\b|[a-z]Error\b|Exception\b", re.IGNORECASE
)
_ACCESS = re.compile(r'"[A-Z]+ (\S+)[^"]*" (\d{3})\b')
_TIME_HEAD = re.compile(r"^\[?[\d/:.,TZ+\- ]{8,40}\]?\s*|^[A-Z][a-z]{2} {1,2}\d{1,2} [\d:]{8} ")
_ACCESS_TIME = re.compile(r"\[(\d\d/[A-Za-z]{3}/[^\]]+)\]")
_TIME = ("time", "timestamp", "ts", "@timestamp", "at", "datetime", "date", "t")
_LEVELS = ("level", "severity", "lvl", "levelname", "log.level")
_WORDS = ("message", "msg", "error", "err", "exception", "exc", "detail", "reason")
_BAD_NUMBER = 50  # pino and bunyan: 50 is error, 60 fatal


class ErrorLine(NamedTuple):
    """One failure. `ms` is None when neither it nor a line before it says when."""

    ms: int | None
    words: str


class Reader:
    """Reads a log once and counts what it sees on the way."""

    def __init__(self, local: tzinfo, now_ms: int) -> None:
        self._local, self._latest_ms = local, now_ms + SKEW_MS
        self.lines = 0
        self.without_instant = 0
        self.first_ms: int | None = None
        self.last_ms: int | None = None
        self._open: list[Any] = []

    def errors(self, log: Path) -> Iterator[ErrorLine]:
        """Every failure, in the order of the log. Raises ValueError in words."""
        for block in log_lines.blocks(log):
            lines = block.split("\n")
            self.lines += len(lines)
            self._note_span(lines)
            if not self._open and not any(hint in block for hint in _HINTS) and '" 5' not in block:
                continue
            for line in lines:
                yield from self._take(line)
        yield from self._close()

    def _take(self, line: str) -> Iterator[ErrorLine]:
        if self._open and _is_continued(line, self._open):
            self._open[1] = line.strip()[:LONGEST_LINE] or self._open[1]
            self._open[2] += 1
            return
        yield from self._close()
        if _HINT.search(line, 0, LONGEST_LINE) and (words := failing_words(line[:LONGEST_LINE])):
            found = self._instant(line)
            self.without_instant += found is None
            self._open = [ErrorLine(found if found is not None else self.last_ms, words), "", 0]

    def _close(self) -> Iterator[ErrorLine]:
        """What stood open, with the last line of its traceback: that line names the failure."""
        if self._open:
            error, detail, _ = self._open
            self._open = []
            yield error._replace(words=f"{error.words} | {detail}" if detail else error.words)

    def _note_span(self, lines: list[str]) -> None:
        """The first and last believable instant: of each block its first and last stamped lines are looked at."""
        for some in (lines[:LOOKED_AT], lines[: -LOOKED_AT - 1 : -1]):
            found = next((ms for line in some if (ms := self._instant(line)) is not None), None)
            if found is not None:
                self.first_ms = found if self.first_ms is None else min(self.first_ms, found)
                self.last_ms = found if self.last_ms is None else max(self.last_ms, found)

    def _instant(self, line: str) -> int | None:
        line = line[:LONGEST_LINE]
        if line.startswith("{"):
            fields = _fields(line)
            text = str(next((fields[name] for name in _TIME if fields.get(name)), ""))
        elif found := _ACCESS_TIME.search(line, 0, 200):
            text = found[1]
        else:
            text = line.lstrip("[")
        stamp = instants.read(text, self._local, self._latest_ms)
        return stamp.ms if stamp and stamp.ms <= self._latest_ms else None


def failing_words(line: str) -> str:
    """What a line says, without when it says it, if it says that something failed; else nothing."""
    if line.lstrip().startswith("{") and (fields := _fields(line)):
        return _words_of(fields)
    if access := _ACCESS.search(line):
        return f"HTTP {access[2]} {access[1].split('?')[0]}" if access[2].startswith("5") else ""
    body = _TIME_HEAD.sub("", line, count=1)
    level = _LEVEL.search(body, 0, 120)
    is_bad = level.lastgroup == "bad" if level else bool(_FAILING.search(body))
    return body.strip() if is_bad else ""


def _words_of(fields: dict[str, Any]) -> str:
    level = next((fields[name] for name in _LEVELS if name in fields), "")
    said = " ".join(_text(fields[name]) for name in _WORDS if fields.get(name))
    if isinstance(level, int):
        is_bad = level >= _BAD_NUMBER
    else:
        found = _LEVEL.search(str(level))
        is_bad = found.lastgroup == "bad" if found else bool(_FAILING.search(said))
    return said or json.dumps(fields)[:LONGEST_LINE] if is_bad else ""


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(str(value[name]) for name in ("type", "name", "message", "code") if value.get(name))
    return str(value).strip().replace("\n", " | ")


def _fields(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_continued(line: str, opened: list[Any]) -> bool:
    """Indented lines, and the lines of a traceback that are not: they begin with no date and no level."""
    if opened[2] >= LOOKED_AT:
        return False
    if line[:1] in (" ", "\t"):
        return True
    is_new = not line or line[0] in "{[" or _TIME_HEAD.match(line) or _LEVEL.match(line)
    return not is_new and (line.startswith(("Traceback", "Caused by", "goroutine")) or opened[2] > 0)
