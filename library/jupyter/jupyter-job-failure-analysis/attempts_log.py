"""The workers' log of attempts: one JSON object a line, for each attempt at a job that ended."""

import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple

import instants

DONE, FAILED, LOST, LATE = "done", "failed", "lost", "late"
OUTCOMES = (DONE, FAILED, LOST, LATE)
LONGEST = 1 << 16


class Attempt(NamedTuple):
    """One attempt. `cause` is empty when it was done; `seconds` is None where the log does not say."""

    ms: int
    job: str
    kind: str
    worker: str
    outcome: str
    cause: str
    error: str
    seconds: float | None


class Log(NamedTuple):
    """The attempts of a window, oldest first, and how many lines could not be read."""

    attempts: list[Attempt]
    start_ms: int
    end_ms: int
    left_out: int


def read(path: Path, hours: float, until: str, now_ms: int) -> Log:
    """The attempts of the last `hours` before `until` (empty: the newest line). Raises ValueError in words."""
    found, left_out = [], 0
    for line in _lines(path):
        attempt = _attempt(line, now_ms)
        if attempt is None:
            left_out += 1
        else:
            found.append(attempt)
    newest = max((each.ms for each in found), default=now_ms)
    end_ms = instants.moment(until, newest) if until else newest
    start_ms = end_ms - int(hours * 3_600_000)
    inside = sorted(each for each in found if start_ms <= each.ms <= end_ms)
    return Log(inside, start_ms, end_ms, left_out)


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.strip():
                    yield line
    except FileNotFoundError:
        raise ValueError(f"There is no file {path}. Give the path of the attempts log.") from None
    except OSError as problem:
        raise ValueError(f"{path} can't be read: {problem}. Copy it again.") from problem


def _attempt(line: str, now_ms: int) -> Attempt | None:
    """The attempt of a line; None where it is none."""
    try:
        fields: dict[str, Any] = json.loads(line[:LONGEST])
        at = instants.read(str(fields["at"]), UTC, now_ms)
        job, outcome = str(fields["job"]), str(fields["outcome"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if at is None or outcome not in OUTCOMES:
        return None
    seconds = fields.get("seconds")
    return Attempt(
        at.ms,
        job,
        str(fields.get("kind") or "unnamed"),
        str(fields.get("worker") or "unnamed"),
        outcome,
        _cause(outcome, fields),
        str(fields.get("error") or ""),
        float(seconds) if isinstance(seconds, int | float) and outcome != LOST else None,
    )


def _cause(outcome: str, fields: dict[str, Any]) -> str:
    if outcome == DONE:
        return ""
    return outcome if outcome in (LOST, LATE) else str(fields.get("error_class") or "unknown")
