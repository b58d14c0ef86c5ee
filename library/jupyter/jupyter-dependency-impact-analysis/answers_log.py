"""What users got, read once from a log of JSON lines, whatever its size."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FULL, DEGRADED, HIDDEN, REFUSED, UNSURE, CRASHED, NOTHING = (
    "full",
    "degraded",
    "hidden",
    "refused",
    "unsure",
    "crashed",
    "no answer",
)
KINDS = (FULL, DEGRADED, HIDDEN, REFUSED, UNSURE, CRASHED, NOTHING)
FAILURES = frozenset({REFUSED, UNSURE, CRASHED, NOTHING})
FINEST_MS = 250
MOST_BUCKETS = 20_000
LONGEST_LINE = 65_536
MOST_ORDERS = 2_000_000


class Tally:
    """Everything that is counted while the log is read once."""

    def __init__(self) -> None:
        self.kinds = Counter[str]()
        self.because = Counter[str]()
        self.buckets: dict[int, Counter[str]] = {}
        self.bucket_ms = FINEST_MS
        self.times = Counter[int]()
        self.last_kind: dict[str, str] = {}
        self.first_ms: int | None = None
        self.newest_ms: int | None = None
        self.first_failure_ms: int | None = None
        self.last_failure_ms: int | None = None
        self.skipped = 0

    @property
    def answers(self) -> int:
        """Answers in the log."""
        return self.kinds.total()

    def add(self, entry: dict[str, Any]) -> None:
        """Count one answer; one without instant or status is left out."""
        at, status = entry.get("at"), entry.get("status")
        if not _is_number(at) or not isinstance(status, int) or isinstance(status, bool):
            self.skipped += 1
            return
        at_ms, kind = int(float(at or 0) * 1000), kind_of(status, entry)
        self.kinds[kind] += 1
        self.first_ms = at_ms if self.first_ms is None else min(at_ms, self.first_ms)
        self.newest_ms = max(at_ms, self.newest_ms or at_ms)
        self._note_place(at_ms, kind)
        if _is_number(entry.get("ms")):
            self.times[int(entry["ms"])] += 1
        if kind in FAILURES:
            self._note_failure(at_ms, entry)
        if isinstance(entry.get("order"), str) and len(self.last_kind) < MOST_ORDERS:
            self.last_kind[entry["order"]] = kind

    def _note_failure(self, at_ms: int, entry: dict[str, Any]) -> None:
        self.first_failure_ms = at_ms if self.first_failure_ms is None else min(at_ms, self.first_failure_ms)
        self.last_failure_ms = max(at_ms, self.last_failure_ms or at_ms)
        if isinstance(entry.get("because"), str) and len(self.because) < 100:
            self.because[entry["because"][:80]] += 1

    def _note_place(self, at_ms: int, kind: str) -> None:
        self.buckets.setdefault(at_ms // self.bucket_ms, Counter())[kind] += 1
        if len(self.buckets) > MOST_BUCKETS:
            finer, self.buckets = self.buckets, {}
            self.bucket_ms *= 2
            for place, counts in finer.items():
                self.buckets.setdefault(place // 2, Counter()).update(counts)


def kind_of(status: int, entry: dict[str, Any]) -> str:
    """What a user got. 202 is accepted with something still to come, and must say so."""
    if status == 202:
        return DEGRADED if entry.get("degraded") is True and entry.get("notice") else HIDDEN
    if 200 <= status < 300:
        return FULL
    return {0: NOTHING, 500: CRASHED, 504: UNSURE}.get(status, REFUSED)


def count(log: Path, last: int) -> Tally:
    """Read the log; with `last` above 0 only that many answers at its end count."""
    lines = list(_lines(log))[-last:] if last else _lines(log)
    tally = Tally()
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if isinstance(entry, dict):
            tally.add(entry)
        else:
            tally.skipped += 1
    return tally


def percentile(tally: Tally, share: int) -> int | None:
    """The milliseconds within which `share` percent of the answers came; None where none says."""
    total, seen = tally.times.total(), 0
    for took in sorted(tally.times):
        seen += tally.times[took]
        if seen * 100 >= share * total:
            return took
    return None


def _lines(log: Path) -> Iterator[bytes]:
    """Whole lines; the last one may still be being written."""
    with log.open("rb") as file:
        while line := file.readline(LONGEST_LINE):
            if line.endswith(b"\n") and line.strip():
                yield line


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
