"""Durations and schedules as people write them: `5s` in a fence, `every 5 minutes for 1 hour` in a sentence."""

from __future__ import annotations

import re
from datetime import timedelta

from runbook_keys.model.runbook import Schedule

LONGEST = timedelta(days=366)

_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SHORT = re.compile(r"([0-9]{1,9})(ms|s|m|h)")
_WORD_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_AMOUNT = r"([0-9]{1,9}) (second|minute|hour|day|week)s?"
_AT_ONCE = re.compile(r"at once", re.IGNORECASE)
_AFTER = re.compile(rf"after {_AMOUNT}", re.IGNORECASE)
_EVERY = re.compile(rf"(?:after {_AMOUNT},? then )?every {_AMOUNT} for {_AMOUNT}", re.IGNORECASE)
_HAVE_PASSED = re.compile(rf"{_AMOUNT} (?:has|have) passed\b", re.IGNORECASE)


def seconds_of(text: str) -> float | None:
    """`500ms`, `5s`, `2m` or `1h` as seconds, more than zero and at most a day; None for anything else."""
    match = _SHORT.fullmatch(text)
    if match is None:
        return None
    seconds = int(match[1]) * _UNIT_SECONDS[match[2]]
    return seconds if 0 < seconds <= 86_400 else None


def schedule_of(text: str) -> Schedule | None:
    """`at once`, `after 24 hours`, `every 5 minutes for 1 hour`, or the last two joined by `then`; else None."""
    words = " ".join(text.rstrip(".").split())
    if _AT_ONCE.fullmatch(words):
        return Schedule()
    if match := _AFTER.fullmatch(words):
        after = _amount(match[1], match[2])
        return None if after is None else Schedule(after=after)
    if match := _EVERY.fullmatch(words):
        return _repeated(*match.groups())
    return None


def _repeated(*parts: str | None) -> Schedule | None:
    after = _amount(parts[0], parts[1]) if parts[0] else timedelta(0)
    every, lasting = _amount(parts[2], parts[3]), _amount(parts[4], parts[5])
    if after is None or every is None or lasting is None or every > lasting:
        return None
    return Schedule(after=after, every=every, lasting=lasting)


def passed_at_start(words: str) -> timedelta | None:
    """The time of a sentence that starts `30 minutes have passed`; None for any other sentence."""
    match = _HAVE_PASSED.match(words)
    return _amount(match[1], match[2]) if match else None


def spoken(duration: timedelta) -> str:
    """The duration in the largest unit that divides it: `5 minutes`, `1 hour`, `36 hours`."""
    seconds = round(duration.total_seconds())
    unit, size = next(
        ((unit, size) for unit, size in reversed(_WORD_SECONDS.items()) if seconds and seconds % size == 0),
        ("second", 1),
    )
    return f"{seconds // size} {unit}{'' if seconds // size == 1 else 's'}"


def _amount(number: str | None, unit: str | None) -> timedelta | None:
    """More than nothing and at most a year, so that a slip such as `500000 hours` is seen."""
    seconds = int(number or 0) * _WORD_SECONDS[(unit or "second").lower()]
    return timedelta(seconds=seconds) if 0 < seconds <= LONGEST.total_seconds() else None
