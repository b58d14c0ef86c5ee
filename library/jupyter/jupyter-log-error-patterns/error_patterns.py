"""Which patterns the failures of a log follow, and which of them are new or rising.

After Drain (He et al., 2017), made smaller: lines whose variable parts are masked are grouped by length and first words,
and a line joins the most similar pattern of its group if at least SIMILAR of the words agree; words that differ become
<*>. One pass, bounded memory, and a person can see why two lines are one pattern.
"""

from collections import Counter
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any

import instants
from error_lines import ErrorLine, Reader
from line_masks import alike, shown

SIMILAR = 0.7
MOST_PATTERNS = 1000
MOST_BUCKETS = 100_000
REMEMBERED = 20_000
LONGEST_WORDS = 60
LISTED = 20
FINEST_MS = 1000
RISING_RATIO, RISING_SIGMAS = 2.0, 3.0
ANY = "<*>"
OTHER = "(further patterns)"


@dataclass
class Pattern:
    """Lines that say the same. Instants are None while no line of it said when."""

    words: list[str]
    example: str
    count: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    buckets: Counter[int] = field(default_factory=Counter)

    @property
    def text(self) -> str:
        """The pattern as one line."""
        return " ".join(self.words)


class Patterns:
    """All patterns of one log."""

    def __init__(self) -> None:
        self.all: list[Pattern] = []
        self.bucket_ms = FINEST_MS
        self._groups: dict[tuple[str, ...], list[Pattern]] = {}
        self._known: dict[str, Pattern] = {}
        self._filled = 0

    def add(self, error: ErrorLine) -> None:
        """Count one failure under its pattern."""
        found = self._pattern(error.words)
        found.count += 1
        if error.ms is None:
            return
        found.first_ms = error.ms if found.first_ms is None else min(found.first_ms, error.ms)
        found.last_ms = error.ms if found.last_ms is None else max(found.last_ms, error.ms)
        at = error.ms // self.bucket_ms
        self._filled += at not in found.buckets
        found.buckets[at] += 1
        if self._filled > MOST_BUCKETS:
            self._widen()

    def _pattern(self, words: str) -> Pattern:
        """Masking costs most of all time here, so equal words are masked once."""
        found = self._known.get(words)
        if found is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            masked = alike(words)
            found = self._known.get(masked) or self._similar(masked.split()[:LONGEST_WORDS] or [ANY], words)
            self._known[words] = self._known[masked] = found
        return found

    def _similar(self, words: list[str], line: str) -> Pattern:
        key = (str(len(words)), *words[:2])
        group = self._groups.setdefault(key, [])
        best = max(group, key=lambda each: _agreement(each.words, words), default=None)
        if best is not None and _agreement(best.words, words) >= SIMILAR:
            best.words = [old if old == new else ANY for old, new in zip(best.words, words, strict=True)]
            return best
        if len(self.all) >= MOST_PATTERNS:
            words, group = [OTHER], self._groups.setdefault((OTHER,), [])
            if group:
                return group[0]
        made = Pattern(words, shown(line))
        group.append(made)
        self.all.append(made)
        return made

    def _widen(self) -> None:
        """Buckets of twice the width: memory stays bounded whatever the log."""
        self.bucket_ms *= 2
        for each in self.all:
            finer, each.buckets = each.buckets, Counter()
            for at, number in finer.items():
                each.buckets[at // 2] += number
        self._filled = sum(len(each.buckets) for each in self.all)


def _agreement(pattern: list[str], words: list[str]) -> float:
    return sum(old in (new, ANY) for old, new in zip(pattern, words, strict=True)) / len(words)


def mine(log: Path, zone_name: str, now_ms: int) -> tuple[Patterns, Reader]:
    """Read the log once. Raises ValueError in words."""
    reader, patterns = Reader(instants.zone(zone_name), now_ms), Patterns()
    for error in reader.errors(log):
        patterns.add(error)
    return patterns, reader


def result(patterns: Patterns, reader: Reader, since: str) -> dict[str, Any]:
    """Everything that key.json promises."""
    since_ms = None if reader.last_ms is None else instants.moment(since, reader.last_ms)
    rows = [_row(each, patterns, reader, since_ms) for each in patterns.all]
    rows.sort(
        key=lambda row: (
            not row["is_new"],
            not row["is_rising"],
            -row["count_since"],
            -row["count"],
            row["pattern"],
        )
    )
    errors = sum(each.count for each in patterns.all)
    found = {
        "log_starts_at": instants.words(reader.first_ms),
        "log_ends_at": instants.words(reader.last_ms),
        "since_at": instants.words(since_ms),
        "lines": reader.lines,
        "error_lines": errors,
        "patterns": len(rows),
        "new_patterns": sum(bool(row["is_new"]) for row in rows),
        "rising_patterns": sum(bool(row["is_rising"]) for row in rows),
        "can_tell_new": _can_tell(reader, since_ms),
        "top": rows[:LISTED],
        "errors_without_instant": reader.without_instant,
    }
    return {"answer": _sentence(found), **found}


def examples(found: dict[str, Any]) -> list[str]:
    """One masked line of each of the first eight patterns."""
    return [
        f"{row['count']:,} ×, first {row['first_seen_at']}, last {row['last_seen_at']}\n    {row['example']}"
        for row in found["top"][:8]
    ]


def _row(each: Pattern, patterns: Patterns, reader: Reader, since_ms: int | None) -> dict[str, Any]:
    split = None if since_ms is None else since_ms // patterns.bucket_ms
    since = sum(number for at, number in each.buckets.items() if split is not None and at >= split)
    before = each.buckets.total() - since
    can_tell = _can_tell(reader, since_ms)
    return {
        "pattern": shown(each.text),
        "example": each.example,
        "count": each.count,
        "count_before": before,
        "count_since": since,
        "first_seen_at": instants.words(each.first_ms),
        "last_seen_at": instants.words(each.last_ms),
        "is_new": (since > 0 and before == 0) if can_tell else None,
        "is_rising": _is_rising(before, since, reader, since_ms) if can_tell else None,
    }


def _can_tell(reader: Reader, since_ms: int | None) -> bool:
    """A log that begins after `since` has no before to compare with."""
    return since_ms is not None and reader.first_ms is not None and reader.first_ms < since_ms


def _is_rising(before: int, since: int, reader: Reader, since_ms: int | None) -> bool:
    """At least twice as frequent as before, and by more than three standard deviations of a Poisson count."""
    if not before or since_ms is None or reader.first_ms is None or reader.last_ms is None:
        return False
    expected = before * max(1, reader.last_ms - since_ms) / (since_ms - reader.first_ms)
    return since >= RISING_RATIO * expected and since - expected > RISING_SIGMAS * sqrt(max(expected, 1.0))


def _sentence(found: dict[str, Any]) -> str:
    if not found["error_lines"]:
        return f"None of {found['lines']:,} lines says that something failed."
    head = f"{found['error_lines']:,} failures follow {found['patterns']:,} pattern{'s' * (found['patterns'] != 1)}"
    if not found["can_tell_new"]:
        return f"{head}. The log has nothing before the moment asked for, so what is new can't be told."
    since = f"since {found['since_at'][:16].replace('T', ' ')} UTC"
    if not found["new_patterns"] and not found["rising_patterns"]:
        return f"{head}; none is new or rising {since}."
    return f"{head}; {found['new_patterns']:,} new and {found['rising_patterns']:,} rising {since}."
