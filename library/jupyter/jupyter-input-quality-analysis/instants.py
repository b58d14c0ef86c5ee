"""Instants as logs and exports write them, in milliseconds since 1970 (UTC).

A text without a zone is read in the zone the caller names, and says so: nobody should find out at 3 AM that a
failure "began" an hour before it did.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = {name: at for at, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_ISO = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?"
    r"\s?(Z|UTC|GMT|[+-]\d\d:?\d\d)?(?!\d)"
)
_ACCESS = re.compile(r"(\d\d)/([A-Za-z]{3})/(\d{4}):(\d\d):(\d\d):(\d\d)\s?([+-]\d{4})?")
_SYSLOG = re.compile(r"([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?!\d)")
_EPOCH = re.compile(r"(\d{10})(?:\.(\d{1,9})|(\d{3})(\d{3})?(\d{3})?)?(?![\d.])")
_AGO = re.compile(r"(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Instant(NamedTuple):
    """Milliseconds since 1970 in UTC, and whether the text left the zone to us."""

    ms: int
    is_zone_assumed: bool = False


def zone(name: str) -> tzinfo:
    """The time zone called `name`, such as Europe/Berlin or UTC. Raises ValueError in words."""
    try:
        return UTC if name.upper() == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"There is no time zone {name!r}. Write one like UTC or Europe/Berlin.") from None


def read(text: str, local: tzinfo, latest_ms: int) -> Instant | None:
    """The instant that `text` begins with; None when it begins with none.

    `latest_ms` decides the year of a syslog line, which has none: it lies in the twelve months before.
    """
    for pattern, build in ((_ISO, _iso), (_ACCESS, _access)):
        if found := pattern.match(text):
            return build(found, local)
    if found := _SYSLOG.match(text):
        return _syslog(found, local, latest_ms)
    if found := _EPOCH.match(text):
        return Instant(int(found[1]) * 1000 + _milliseconds(found[2] or found[3]))
    return None


def moment(text: str, before_ms: int) -> int:
    """`15m`, `2h`, `1d` before `before_ms`, or an instant (UTC unless it says otherwise). Raises ValueError."""
    if ago := _AGO.fullmatch(text.strip()):
        return before_ms - int(ago[1]) * _SECONDS[ago[2]] * 1000
    found = read(text.strip(), UTC, before_ms)
    if found is None:
        raise ValueError(f"{text!r} is no instant. Write 2h, 1d or 2026-01-31T03:00:00Z.")
    return found.ms


def words(ms: int | None) -> str | None:
    """ISO 8601 in UTC with seconds, for people and programs; None stays None."""
    return None if ms is None else at(ms).isoformat(timespec="seconds")


def at(ms: int) -> datetime:
    """An aware datetime in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def _iso(found: re.Match[str], local: tzinfo) -> Instant | None:
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    parts = int(year), int(month), int(day), int(hour), int(minute), min(int(second or 0), 59)
    return _instant(parts, _milliseconds(fraction), offset, local)


def _access(found: re.Match[str], local: tzinfo) -> Instant | None:
    day, month, year, hour, minute, second, offset = found.groups()
    number = _MONTHS.get(month.lower(), 0)
    return _instant((int(year), number, int(day), int(hour), int(minute), int(second)), 0, offset, local)


def _syslog(found: re.Match[str], local: tzinfo, latest_ms: int) -> Instant | None:
    month, day, hour, minute, second = found.groups()
    number = _MONTHS.get(month.lower(), 0)
    year = at(latest_ms).year
    for candidate in (year + 1, year, year - 1):
        parts = (candidate, number, int(day), int(hour), int(minute), int(second))
        found_at = _instant(parts, 0, None, local)
        if found_at and found_at.ms <= latest_ms:
            return found_at
    return None


def _instant(
    parts: tuple[int, int, int, int, int, int], milliseconds: int, offset: str | None, local: tzinfo
) -> Instant | None:
    """None for a date that the calendar does not have."""
    try:
        naive = datetime(*parts, tzinfo=_offset(offset) if offset else local)
        return Instant(int(naive.timestamp()) * 1000 + milliseconds, not offset)
    except (ValueError, OverflowError):
        return None


def _offset(text: str) -> tzinfo:
    """The zone of Z, UTC, GMT, +0530 or -05:00. Raises ValueError for an offset of a day or more."""
    if text in ("Z", "UTC", "GMT"):
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=minutes if text[0] == "+" else -minutes))


def _milliseconds(fraction: str | None) -> int:
    return int(fraction.ljust(3, "0")[:3]) if fraction else 0
