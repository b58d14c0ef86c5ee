"""When the service last wrote each record, by its own log, and which release ran then. Reading only."""

import re
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple

import instants

_LINE = re.compile(r"(\S+) [A-Z]+ (evt_\w{1,250}) \S+ (?:applied|duplicate) 200\s*")


class Release(NamedTuple):
    """The newest entry of the record of deployments; a rollback is one too."""

    name: str
    at_ms: int
    is_rollback: bool = False


def event_times(path: Path) -> dict[str, int]:
    """For each event, when a line last said that it was taken. Raises ValueError in words."""
    times: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if found := _LINE.fullmatch(line):
                    at = instants.read(found[1], UTC, 0)
                    if at:
                        times[found[2]] = max(at.ms, times.get(found[2], 0))
    except OSError as problem:
        raise ValueError(f"The log {path} can't be read: {problem.strerror}.") from problem
    return times


def record_times(sources: dict[str, Iterable[str]], times: dict[str, int]) -> dict[str, int]:
    """For each record, when one of its events was last taken; records without such a line are left out."""
    found = {key: [times[event] for event in events if event in times] for key, events in sources.items()}
    return {key: max(at) for key, at in found.items() if at}


def newest_release(history: Any) -> Release | None:
    """The newest deployment or rollback of `deployctl history --json`. None where it names none."""
    entries = [each for each in history if isinstance(each, dict)] if isinstance(history, list) else []
    found = [
        Release(str(each["release"]), at.ms, each.get("action") == "rollback")
        for each in entries
        if each.get("release") and (at := instants.read(str(each.get("deployed_at")), UTC, 0))
    ]
    return max(found, key=lambda each: each.at_ms, default=None)
