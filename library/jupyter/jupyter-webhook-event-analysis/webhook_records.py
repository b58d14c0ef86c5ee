"""What one line of a webhook service's log says: plain text, JSON, key=value, or an access log.

A line is a *delivery* when it says how one attempt of Stripe's ended. Test events (pings) and requests that nobody
signed are told apart: they say nothing about Stripe's events.
"""

import json
import re
from datetime import tzinfo
from typing import Any, NamedTuple

import instants

SIGNATURE, CRASH, DEPENDENCY, UNKNOWN = "signature", "handler-crash", "dependency", "unknown"
CLASSES = (SIGNATURE, CRASH, DEPENDENCY, UNKNOWN)
DELIVERY, PING, UNSIGNED, OTHER = "delivery", "ping", "unsigned", "other"

LONGEST_LINE = 8192
REMEMBERED = 20_000

_STAMP = re.compile(
    r"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d):(\d\d)(?:[.,](\d{3})\d*)? ?(Z|[+-]\d\d:?\d\d)?\]?(?:\s+|$)"
)
_ACCESS = re.compile(r'\S+ \S+ \S+ \[([^\]]{20,40})\] "([A-Z]+) (\S+)[^"]*" (\d{3})\b')
_PAIR = re.compile(r'([A-Za-z_@][\w.@-]*)=("(?:[^"\\]|\\.)*"|\S*)')
_EVENT_ID = re.compile(r"\bevt_\w+")
_TYPE = re.compile(r"\b[a-z0-9_]+(?:\.[a-z0-9_]+)+\b")
_LAST_STATUS = re.compile(r"(?:^|[ =:])([1-5]\d\d)$|\bstatus(?:_code)?[ =:]+([1-5]\d\d)\b")
_ABOUT = re.compile(r"webhook|stripe|\bevent\b|signature", re.IGNORECASE)
_ENDED = re.compile(
    r"\b(?:applied|processed|handled|duplicate|ignored|skipped|accepted|succeeded)\b", re.IGNORECASE
)
_IGNORED = re.compile(r"\b(?:ignored|skipped|dropped)\b", re.IGNORECASE)
_ERROR = re.compile(r"\b(?:ERROR|ERR|FATAL|CRITICAL|PANIC)\b", re.IGNORECASE)
_UNSIGNED = re.compile(r"(?:without|no|missing) (?:a )?Stripe-Signature", re.IGNORECASE)
_TEST_ID, _PING = "evt_test_", "v2.core.event_destination.ping"
_CAUSES = (
    (SIGNATURE, re.compile(r"signature|webhook secret|signing secret|timestamp outside", re.IGNORECASE)),
    (CRASH, re.compile(r"crash|traceback|panic|unhandled|uncaught|segfault|NoneType", re.IGNORECASE)),
    (
        DEPENDENCY,
        re.compile(
            r"database|postgres|mysql|redis|upstream|read-only|deadlock|timed? ?out|unavailable|broken pipe"
            r"|connection (?:refused|reset|closed)|ECONN|ETIMEDOUT|too many (?:connections|clients)",
            re.IGNORECASE,
        ),
    ),
    (CRASH, re.compile(r"exception|[A-Z]\w+Error\b", 0)),
)
_BY_STATUS = {500: CRASH, 502: DEPENDENCY, 503: DEPENDENCY, 504: DEPENDENCY, 408: DEPENDENCY, 499: DEPENDENCY}

_TIME = ("time", "timestamp", "ts", "@timestamp", "at", "datetime", "date", "t")
_STATUS = ("status", "status_code", "statusCode", "http_status", "code", "response_status")
_TYPES = ("event_type", "eventType", "type")
_IDS = ("event_id", "eventId", "id", "event")
_PATHS = ("path", "url", "uri", "request_uri", "route")
_NESTED = ("event", "http", "req", "request", "res", "response", "error", "err", "webhook", "stripe")


class Meaning(NamedTuple):
    """What a line says apart from when and about which event."""

    kind: str
    is_failure: bool = False
    failure_class: str = UNKNOWN
    is_by_words: bool = False
    is_ignored: bool = False
    event_type: str = ""
    words: str = ""


class Record(NamedTuple):
    """One line that has an instant."""

    ms: int
    is_zone_assumed: bool
    event_id: str
    meaning: Meaning


class Reader:
    """Reads lines; remembers meanings, because a log says few things many times."""

    def __init__(self, local: tzinfo, latest_ms: int) -> None:
        self._local, self._latest_ms = local, latest_ms
        self._minutes: dict[tuple[str, str | None], instants.Instant | None] = {}
        self._meanings: dict[tuple[str, bool], Meaning] = {}

    def read(self, line: str) -> Record | None:
        """The record of a line; None when the line has no instant."""
        if found := _STAMP.match(line):
            return self._stamped(line[found.end() : LONGEST_LINE], found)
        line = line[:LONGEST_LINE]
        if found := _ACCESS.match(line):
            return self._placed(found[1], "", _of_access(found[2], found[3], int(found[4])))
        if line.lstrip().startswith("{"):
            return self._structured(_json(line.strip()))
        pairs = dict(_pairs(line))
        if any(name in pairs for name in _TIME):
            return self._structured(pairs)
        return self._placed(line, *self._body(line))

    def _stamped(self, body: str, found: re.Match[str]) -> Record | None:
        key = (found[1], found[4])
        if key not in self._minutes:
            _make_room(self._minutes)
            self._minutes[key] = instants.read(f"{found[1]}{found[4] or ''}", self._local, self._latest_ms)
        minute = self._minutes[key]
        if minute is None:
            return None
        ms = minute.ms + int(found[2]) * 1000 + int(found[3] or 0)
        return Record(ms, minute.is_zone_assumed, *self._body(body))

    def _body(self, body: str) -> tuple[str, Meaning]:
        """The event's id and the meaning of the text behind an instant."""
        event_id, rest = _without_id(body)
        key = (rest, bool(event_id))
        meaning = self._meanings.get(key)
        if meaning is None:
            _make_room(self._meanings)
            meaning = self._meanings[key] = _of_body(body, bool(event_id))
        return event_id, meaning

    def _structured(self, fields: dict[str, Any]) -> Record | None:
        event_id, meaning = _of_fields(fields)
        return self._placed(str(_first(fields, _TIME) or ""), event_id, meaning)

    def _placed(self, when: str, event_id: str, meaning: Meaning) -> Record | None:
        found = instants.read(when, self._local, self._latest_ms)
        return Record(found.ms, found.is_zone_assumed, event_id, meaning) if found else None


def _make_room(memory: dict[Any, Any]) -> None:
    """Forget all rather than grow without end: what is frequent is back at once."""
    if len(memory) >= REMEMBERED:
        memory.clear()


def _without_id(body: str) -> tuple[str, str]:
    start = body.find("evt_")
    if start < 0:
        return "", body
    found = _EVENT_ID.match(body, start)
    end = found.end() if found else start + 4
    return body[start:end], body[:start] + body[end:]


def _of_body(body: str, has_id: bool) -> Meaning:
    brace = body.find("{")
    if brace >= 0 and (fields := _json(body[brace:])):
        return _of_fields(fields)[1]
    if access := _ACCESS.search(body):
        return _of_access(access[2], access[3], int(access[4]))
    pairs = dict(_pairs(body))
    if _number(_first(pairs, _STATUS)) is not None:
        return _of_fields(pairs)[1]
    status = _LAST_STATUS.search(body)
    code = int(status[1] or status[2]) if status else None
    found_type = _TYPE.search(_EVENT_ID.sub("", body)) if has_id else None
    return _meaning(body, code, has_id, found_type[0] if found_type else "")


def _of_fields(fields: dict[str, Any]) -> tuple[str, Meaning]:
    ids = [text for name in _IDS if isinstance(text := fields.get(name), str)]
    event_id = next((text for text in ids if text.startswith("evt_")), "")
    types = [text for name in _TYPES if isinstance(text := fields.get(name), str) and "." in text]
    path = str(_first(fields, _PATHS) or "")
    words = " ".join(str(value) for name, value in fields.items() if name not in _TIME)
    if event_id == "" and (found := _EVENT_ID.search(words)):
        event_id = found[0]
    is_delivery = bool(event_id) or "webhook" in path.lower()
    return event_id, _meaning(words, _number(_first(fields, _STATUS)), is_delivery, types[0] if types else "")


def _of_access(method: str, path: str, status: int) -> Meaning:
    if method != "POST" or "webhook" not in path.lower():
        return Meaning(OTHER, words=f"{method} {path} {status}")
    return _meaning("", status, True, "")


def _meaning(words: str, status: int | None, is_ours: bool, event_type: str) -> Meaning:
    """The one place where a line becomes a delivery, and a failure gets its class."""
    if "ignature" in words and _UNSIGNED.search(words):
        return Meaning(UNSIGNED)
    if _TEST_ID in words or _PING in words or _PING in event_type:
        return Meaning(PING)
    is_error = status is None and bool(_ERROR.search(words))
    has_ended = status is not None or is_error or bool(_ENDED.search(words))
    is_about = is_ours or (bool(_ABOUT.search(words)) and (status is not None or is_error))
    if not (has_ended and is_about):
        return Meaning(OTHER, words=words)
    is_failure = not 200 <= status < 300 if status is not None else is_error
    if not is_failure:
        return Meaning(DELIVERY, is_ignored=bool(_IGNORED.search(words)), event_type=event_type)
    cause = next((name for name, pattern in _CAUSES if pattern.search(words)), None)
    failure_class = cause or _BY_STATUS.get(status or 0, UNKNOWN)
    return Meaning(DELIVERY, True, failure_class, cause is not None, event_type=event_type)


def _json(text: str) -> dict[str, Any]:
    """The fields of one object, one level of nesting lifted; empty when it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    lifted = {}
    for name in _NESTED:
        if isinstance(inner := found.get(name), dict):
            lifted.update(inner)
    return lifted | {name: value for name, value in found.items() if not isinstance(value, dict)}


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(name, value.strip('"')) for name, value in _PAIR.findall(text)]


def _first(fields: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if fields.get(name) not in (None, "")), None)


def _number(value: Any) -> int | None:
    """An HTTP status, or None: `status=ok` is none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else None
