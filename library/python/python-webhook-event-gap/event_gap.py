"""Which of Stripe's events the service has not applied, applied twice, or applied late.

Both sides go into a SQLite file in the scratch folder: memory stays small whatever the size, and the questions are three
lines of SQL that a person can check.
"""

import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC
from itertools import islice
from pathlib import Path
from typing import Any

import instants
from json_exports import Export

BATCH = 20_000
LISTED = 1000
SKEW_MS = 60_000
_ID = re.compile(r"evt_[A-Za-z0-9_]{1,250}", re.ASCII)
_SPLIT = re.compile(r"[\s,;]+")

_TABLES = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32000;
CREATE TABLE sent (id TEXT PRIMARY KEY, type TEXT, created_ms INTEGER, attempted_ms INTEGER, state TEXT) WITHOUT ROWID;
CREATE TABLE applied (id TEXT PRIMARY KEY, times INTEGER, first_ms INTEGER, type TEXT) WITHOUT ROWID;
"""
_ADD_SENT = """
INSERT INTO sent VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    attempted_ms = coalesce(excluded.attempted_ms, attempted_ms), state = coalesce(excluded.state, state)
"""
_ADD_APPLIED = """
INSERT INTO applied VALUES (?, 1, ?, ?) ON CONFLICT (id) DO UPDATE SET
    times = times + 1, first_ms = min(coalesce(first_ms, excluded.first_ms), coalesce(excluded.first_ms, first_ms))
"""
_WINDOW = "created_ms IS NOT NULL AND created_ms BETWEEN :start AND :end"
# Too new to tell: under way, or accepted after the list of applied events was made. What Stripe still calls failed or
# pending was never accepted, so no list can be too old for it. Where no state is told, it goes by when it was created or
# tried, whichever is known to be earlier: clocks of two companies differ by seconds.
_TOO_NEW = """CASE WHEN state = 'sending' THEN 1 WHEN state IN ('failed', 'pending') THEN 0
    WHEN state = 'delivered' THEN :as_of < coalesce(attempted_ms, created_ms)
    ELSE :as_of < min(created_ms, coalesce(attempted_ms, created_ms)) END"""
_ABSENT = f"FROM sent s WHERE {_WINDOW} AND NOT EXISTS (SELECT 1 FROM applied a WHERE a.id = s.id)"  # noqa: S608 - constants of this page
_MISSING = f"{_ABSENT} AND NOT coalesce({_TOO_NEW}, 0)"
_NEW = f"{_ABSENT} AND coalesce({_TOO_NEW}, 0)"
_TWICE = f"FROM applied a JOIN sent s USING (id) WHERE times > 1 AND {_WINDOW}"
_LATE = f"FROM applied a JOIN sent s USING (id) WHERE first_ms - created_ms > :late AND {_WINDOW}"
_EARLY = f"FROM applied a JOIN sent s USING (id) WHERE first_ms < created_ms - {SKEW_MS} AND {_WINDOW}"
_STRANGE = "FROM applied a WHERE NOT EXISTS (SELECT 1 FROM sent s WHERE s.id = a.id)"


class Comparison:
    """Both sides, and what was wrong with the files."""

    def __init__(self, scratch: Path) -> None:
        self.database = sqlite3.connect(scratch / "event-gap.sqlite", isolation_level=None)
        self.database.executescript(_TABLES)
        self.skipped = 0
        self.as_of = ""

    def read_sent(self, path: Path) -> None:
        """Stripe's side: `stripectl events list --json`, Stripe's own list, or JSON lines."""
        self._read(path, _ADD_SENT, self._sent)

    def read_applied(self, path: Path) -> None:
        """The service's side: `appctl events applied`, JSON, CSV of id and instant, or ids."""
        self.as_of = self._read(path, _ADD_APPLIED, self._applied)

    def _read(self, path: Path, statement: str, rows: Any) -> str:
        export = Export(path)
        entries = rows(export.entries())
        self.database.execute("BEGIN")
        while batch := list(islice(entries, BATCH)):
            self.database.executemany(statement, batch)
        self.database.execute("COMMIT")
        self.skipped += export.malformed
        return export.as_of

    def _sent(self, entries: Iterator[Any]) -> Iterator[tuple[Any, ...]]:
        for entry in entries:
            fields = entry if isinstance(entry, dict) else {}
            event_id = fields.get("id") or fields.get("event_id")
            created = _ms(_first(fields, "created_at", "created", "timestamp"))
            if not _is_id(event_id) or created is None:
                self.skipped += 1
                continue
            state = _text(fields.get("state"))
            yield event_id, _text(fields.get("type")), created, _ms(fields.get("last_attempt_at")), state

    def _applied(self, entries: Iterator[Any]) -> Iterator[tuple[Any, ...]]:
        for entry in entries:
            event_id, when, event_type = _applied_fields(entry)
            if not _is_id(event_id):
                self.skipped += event_id not in ("event_id", "id")  # the head of a CSV
                continue
            yield event_id, _ms(when), _text(event_type)


def compare(sides: Comparison, start_ms: int, end_ms: int, late_ms: int) -> dict[str, Any]:
    """Counts and ids. An applied event is in the window when Stripe created it there."""
    as_of = _last_whole_second(_ms(sides.as_of))
    values = {"start": start_ms, "end": end_ms, "late": late_ms, "as_of": as_of}

    def count(query: str) -> int:
        return int(sides.database.execute(f"SELECT count(*) {query}", values).fetchone()[0])

    def ids(query: str) -> list[str]:
        ordered = f"SELECT id {query} ORDER BY id LIMIT {LISTED}"
        return [row[0] for row in sides.database.execute(ordered, values)]

    by_type = (
        f"SELECT coalesce(s.type, '(not said)'), count(*) {_MISSING} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20"
    )
    oldest = f"SELECT min(created_ms), max(created_ms) {_MISSING}"
    first, last = sides.database.execute(oldest, values).fetchone()
    has_instants = bool(count("FROM applied WHERE first_ms IS NOT NULL"))
    return {
        "stripe_events": count(f"FROM sent WHERE {_WINDOW}"),
        "applied_events": count("FROM applied"),
        "missing": count(_MISSING),
        "missing_events": ids(_MISSING),
        "missing_by_type": [
            {"type": name[:80], "missing": number} for name, number in sides.database.execute(by_type, values)
        ],
        "first_missing_at": instants.words(first),
        "last_missing_at": instants.words(last),
        "twice": count(_TWICE),
        "twice_events": ids(_TWICE),
        "late": count(_LATE) if has_instants else None,
        "late_events": ids(_LATE),
        "too_new_to_tell": count(_NEW),
        "applied_before_created": count(_EARLY),
        "unknown_to_stripe": count(_STRANGE),
    }


def span(sides: Comparison) -> tuple[int, int]:
    """The first and the last instant at which Stripe created an event; (0, 0) without any."""
    first, last = sides.database.execute("SELECT min(created_ms), max(created_ms) FROM sent").fetchone()
    return int(first or 0), int(last or 0)


def _last_whole_second(as_of_ms: int | None) -> int:
    """Stripe's times are whole seconds: what was accepted in the very second of the list may have come after it."""
    return 1 << 62 if as_of_ms is None else as_of_ms // 1000 * 1000 - 1


def _applied_fields(entry: Any) -> tuple[Any, Any, Any]:
    if isinstance(entry, dict):
        return (
            _first(entry, "event_id", "id", "event"),
            _first(entry, "applied_at", "at", "processed_at", "created_at"),
            entry.get("type"),
        )
    event_id, _, rest = _parted(str(entry))
    return event_id, rest, None


def _parted(line: str) -> tuple[str, str, str]:
    """`evt_1,2026-01-31 03:00:00+00` or `evt_1` alone."""
    parts = _SPLIT.split(line.replace('"', ""), maxsplit=1)
    return parts[0], "", parts[1] if len(parts) > 1 else ""


def _first(fields: dict[str, Any], *names: str) -> Any:
    return next((fields[name] for name in names if fields.get(name) not in (None, "")), None)


def _ms(value: Any) -> int | None:
    """An instant as text or as Unix seconds (or milliseconds) in milliseconds; None for anything else."""
    if isinstance(value, bool) or value in (None, ""):
        return None
    if isinstance(value, int | float):
        return int(value if value > 1e11 else value * 1000)
    found = instants.read(str(value).strip(), UTC, 1 << 42)
    return found.ms if found else None


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
