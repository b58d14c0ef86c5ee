"""How a webhook service's deliveries went in a window: counts, classes, when failing began, and how sure that is."""

from collections import Counter, deque
from functools import lru_cache
from math import log, sqrt
from pathlib import Path
from typing import NamedTuple

import instants
import log_lines
from line_masks import shown
from webhook_records import CLASSES, DELIVERY, OTHER, Meaning, Reader, Record

HOUR_MS = 3_600_000
SKEW_MS = 300_000
FINEST_MS = 50
MOST_BUCKETS = 40_000
SCANNED_BINS = 160
KNOWN_TYPES = 200
RECENT_LINES = 5_000
NEAR_MS = 900_000
CLEAR, POSSIBLE = 10.0, 5.0
OTHER_TYPES = "(other types)"

Bucket = dict[str, int]


class Failing(NamedTuple):
    """The stretch in which failures were unlike the rest. `strength` is the gain in log likelihood."""

    began_ms: int | None = None
    ended_ms: int | None = None
    is_ongoing: bool = False
    strength: float = 0.0
    rate_outside: float | None = None
    rate_inside: float | None = None

    @property
    def certainty(self) -> str:
        """none, possible or clear."""
        return "clear" if self.strength >= CLEAR else "possible" if self.strength >= POSSIBLE else "none"


class Tally:
    """Everything that is counted while the log is read once. Memory is bounded by the window, not by the log."""

    def __init__(self, start_ms: int, end_ms: int) -> None:
        self.start_ms, self.end_ms = start_ms, end_ms
        self.bucket_ms = FINEST_MS
        self.buckets: dict[int, Bucket] = {}
        self.first_failures: dict[int, int] = {}
        self.classes = Counter[str]()
        self.kinds = Counter[str]()
        self.types = Counter[str]()
        self.failed_types = Counter[str]()
        self.counts = Counter[str]()
        self.last_ms: dict[str, int] = {}
        self.restless: deque[tuple[int, str]] = deque(maxlen=500)
        self._recent: dict[tuple[int, str], None] = {}

    def add(self, record: Record, times: int) -> None:
        """Count one record of the window that stands there `times` times."""
        meaning = record.meaning
        self.counts["zone_assumed"] += record.is_zone_assumed * times
        if meaning.kind != DELIVERY:
            self.kinds[meaning.kind] += times
            if meaning.kind == OTHER:
                self.restless.append((record.ms, meaning.words))
        elif not self._is_repeated(record):
            self._deliver(record.ms, meaning, times)

    def _is_repeated(self, record: Record) -> bool:
        """A shipper that sends a line twice must not double the failures: same event, same millisecond."""
        if len(record.event_id) <= len("evt_"):
            return False
        key = (record.ms, record.event_id)
        if key in self._recent:
            self.counts["repeated"] += 1
            return True
        self._recent[key] = None
        if len(self._recent) > RECENT_LINES:
            del self._recent[next(iter(self._recent))]
        return False

    def _deliver(self, ms: int, meaning: Meaning, times: int) -> None:
        outcome = meaning.failure_class if meaning.is_failure else "accepted"
        self.kinds[DELIVERY] += times
        self.counts["ignored"] += meaning.is_ignored * times
        self.counts["by_words"] += meaning.is_by_words * times
        self.classes[outcome] += times
        at = (ms - self.start_ms) // self.bucket_ms
        bucket = self.buckets.setdefault(at, {})
        bucket[outcome] = bucket.get(outcome, 0) + times
        self.last_ms["delivery"] = max(ms, self.last_ms.get("delivery", ms))
        self._count_type(meaning, times)
        if meaning.is_failure:
            self.first_failures[at] = min(ms, self.first_failures.get(at, ms))
            self.last_ms["failure"] = max(ms, self.last_ms.get("failure", ms))
        if len(self.buckets) > MOST_BUCKETS:
            self._widen()

    def _widen(self) -> None:
        """Buckets of twice the width: memory stays bounded whatever the log."""
        finer, firsts = self.buckets, self.first_failures
        self.bucket_ms *= 2
        self.buckets, self.first_failures = {}, {}
        for at, bucket in finer.items():
            into = self.buckets.setdefault(at // 2, {})
            for outcome, number in bucket.items():
                into[outcome] = into.get(outcome, 0) + number
        for at, ms in firsts.items():
            self.first_failures[at // 2] = min(ms, self.first_failures.get(at // 2, ms))

    def _count_type(self, meaning: Meaning, times: int) -> None:
        name = _type_name(meaning.event_type)
        if name not in self.types and len(self.types) >= KNOWN_TYPES:
            name = OTHER_TYPES
        self.types[name] += times
        self.failed_types[name] += meaning.is_failure * times

    @property
    def deliveries(self) -> int:
        """Attempts that ended, of Stripe's own events."""
        return self.kinds[DELIVERY]

    @property
    def failures(self) -> int:
        """Deliveries that were not answered with 2xx."""
        return sum(self.classes[name] for name in CLASSES)


def count(log: Path, hours: float, until: str, zone_name: str, now_ms: int) -> Tally:
    """Read the log once and count what lies in the window. Raises ValueError in words."""
    if not 0 < hours <= 24 * 366:
        raise ValueError(f"hours is {hours}. Give a number above 0 and up to 8784 (a year).")
    local = instants.zone(zone_name)
    reader = Reader(local, now_ms + SKEW_MS)
    end_ms = instants.moment(until, now_ms) if until.strip() else _newest(log, reader, now_ms)
    tally = Tally(end_ms - int(hours * HOUR_MS), end_ms)
    for line, times in log_lines.counted(log):
        if line and not line[0].isspace():
            _count_line(tally, reader.read(line), times, now_ms)
    return tally


def _count_line(tally: Tally, record: Record | None, times: int, now_ms: int) -> None:
    tally.counts["lines"] += times
    if record is None:
        tally.counts["unread"] += times
    elif record.ms > now_ms + SKEW_MS:
        tally.counts["future"] += times
    elif tally.start_ms <= record.ms <= tally.end_ms:
        tally.add(record, times)


def _newest(log: Path, reader: Reader, now_ms: int) -> int:
    """The newest believable instant at either end of the log; now, when there is none."""
    records = (reader.read(line) for line in log_lines.ends(log) if line and not line[0].isspace())
    stamps = [record.ms for record in records if record and record.ms <= now_ms + SKEW_MS]
    return max(stamps, default=now_ms)


def failing(tally: Tally) -> Failing:
    """The stretch [began, ended] that best splits failing from working deliveries.

    Every stretch of bins is tried. Kept is the one with the greatest binomial likelihood against one constant rate
    (Kulldorff's scan statistic in one dimension). A stretch that reaches the last delivery is ongoing.
    """
    if not tally.failures:
        return Failing()
    first, width, bins = _bins(tally)
    totals = [(sum(each.values()), _failed(each)) for each in bins]
    all_n, all_k = tally.deliveries, tally.failures
    start, stop, strength = _best_stretch(totals, all_n, all_k)
    inside_n = sum(n for n, _ in totals[start:stop])
    inside_k = sum(k for _, k in totals[start:stop])
    began = _first_failure(tally, first + start * width, first + stop * width)
    is_ongoing = not any(n for n, _ in totals[stop:])
    ended = None if is_ongoing else tally.start_ms + (first + stop * width) * tally.bucket_ms
    outside = (all_k - inside_k) / (all_n - inside_n) if all_n > inside_n else None
    return Failing(began, ended, is_ongoing, strength, outside, inside_k / inside_n)


def _best_stretch(totals: list[tuple[int, int]], all_n: int, all_k: int) -> tuple[int, int, float]:
    best = (0, len(totals), 0.0)
    constant = _likelihood(all_n, all_k)
    for start in range(len(totals)):
        n = k = 0
        for stop, (more_n, more_k) in enumerate(totals[start:], start + 1):
            n, k = n + more_n, k + more_k
            if not more_k or k * all_n <= all_k * n:
                continue
            strength = _likelihood(n, k) + _likelihood(all_n - n, all_k - k) - constant
            if strength > best[2]:
                best = (start, stop, strength)
    return best


def _likelihood(n: int, k: int) -> float:
    """The greatest binomial log likelihood of k failures in n deliveries."""
    return sum(part * log(part / n) for part in (k, n - k) if part > 0)


def _bins(tally: Tally) -> tuple[int, int, list[Bucket]]:
    """The first bucket, buckets per bin, and the bins over the span that holds deliveries."""
    first, last = min(tally.buckets), max(tally.buckets)
    width = (last - first) // SCANNED_BINS + 1
    bins: list[Bucket] = [{} for _ in range((last - first) // width + 1)]
    for at, bucket in tally.buckets.items():
        into = bins[(at - first) // width]
        for outcome, number in bucket.items():
            into[outcome] = into.get(outcome, 0) + number
    return first, width, bins


def _first_failure(tally: Tally, start: int, stop: int) -> int | None:
    return min((ms for at, ms in tally.first_failures.items() if start <= at < stop), default=None)


def _failed(bucket: Bucket) -> int:
    return sum(number for outcome, number in bucket.items() if outcome != "accepted")


@lru_cache(maxsize=1000)
def _type_name(text: str) -> str:
    """A type as it may be shown. There are few, and masking each line's anew would cost more than all the rest."""
    return shown(text, 80) or "(not said)"


def before(tally: Tally, began_ms: int | None) -> dict[str, str] | None:
    """The last line that was no request, at most 15 minutes before failing began: a start, a deployment."""
    near = [(ms, words) for ms, words in tally.restless if began_ms and began_ms - NEAR_MS <= ms <= began_ms]
    if not near:
        return None
    ms, words = max(near)
    return {"at": instants.words(ms) or "", "line": shown(words.strip(), 200)}


def wilson(k: int, n: int) -> tuple[float, float] | None:
    """The 95 % interval of a rate after k of n (Wilson 1927); None without any."""
    if not n:
        return None
    z = 1.96
    middle = (k / n + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(k / n * (1 - k / n) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, round(middle - half, 4)), min(1.0, round(middle + half, 4))
