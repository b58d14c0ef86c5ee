"""How Stripe's deliveries to one endpoint stand, from Stripe's own exports."""

import re
from collections import Counter
from datetime import UTC
from pathlib import Path
from typing import Any

import instants
from json_exports import Export

DELIVERED, FAILING, PENDING, SENDING = "delivered", "failing", "pending", "sending"
STATES = (DELIVERED, FAILING, PENDING, SENDING)
SPELLED = {"failed": FAILING, "succeeded": DELIVERED, "success": DELIVERED}
FINEST_MS = 1000
MOST_BUCKETS = 20_000
LISTED = 1000
# Times to delivery are counted in these steps (3 % apart), so that memory does not grow with the export.
STEP = 1.03
PERCENTILES = (50, 90, 99)
_ID = re.compile(r"evt_\w{1,250}", re.ASCII)


class Tally:
    """Everything that is counted while the exports are read once."""

    def __init__(self) -> None:
        self.states = Counter[str]()
        self.statuses = Counter[str]()
        self.attempts = Counter[int]()
        self.waiting_types = Counter[str]()
        self.times = Counter[int]()
        self.buckets: dict[int, Counter[str]] = {}
        self.bucket_ms = FINEST_MS
        self.never: list[str] = []
        self.never_count = 0
        self.skipped = 0
        self.slowest_ms: int | None = None
        self.newest_ms: int | None = None
        self.oldest_waiting_ms: int | None = None

    @property
    def events(self) -> int:
        """Events that the endpoint is to have."""
        return self.states.total()

    def add(self, entry: dict[str, Any]) -> None:
        """Count one event of `stripectl events list`, or of a list of Stripe's API."""
        event_id, created = entry.get("id"), _ms(entry.get("created_at", entry.get("created")))
        state = _state(entry)
        if not isinstance(event_id, str) or not _ID.fullmatch(event_id) or created is None or state is None:
            self.skipped += 1
            return
        attempts, last_ms = _whole(entry.get("attempts")), _ms(entry.get("last_attempt_at"))
        self.states[state] += 1
        self.attempts[attempts] += 1
        self._note_newest(created, last_ms)
        self._note_status(entry.get("last_status"), attempts)
        self._note_place(created, state)
        if state == DELIVERED:
            self._note_time(created, last_ms)
        else:
            self._note_waiting(event_id, created, _printable(str(entry.get("type") or "(not said)")[:80]))

    def _note_newest(self, *stamps: int | None) -> None:
        known = [each for each in (*stamps, self.newest_ms) if each is not None]
        self.newest_ms = max(known)

    def _note_status(self, status: Any, attempts: int) -> None:
        if attempts:
            self.statuses[str(_whole(status))] += 1

    def _note_place(self, created: int, state: str) -> None:
        self.buckets.setdefault(created // self.bucket_ms, Counter())[state] += 1
        if len(self.buckets) > MOST_BUCKETS:
            finer, self.buckets = self.buckets, {}
            self.bucket_ms *= 2
            for at, counts in finer.items():
                self.buckets.setdefault(at // 2, Counter()).update(counts)

    def _note_time(self, created: int, accepted: int | None) -> None:
        if accepted is None:
            return
        took = max(0, accepted - created)
        self.times[step_of(took)] += 1
        self.slowest_ms = max(took, self.slowest_ms or 0)

    def _note_waiting(self, event_id: str, created: int, event_type: str) -> None:
        self.never_count += 1
        self.waiting_types[event_type if len(self.waiting_types) < 200 else "(other types)"] += 1
        self.oldest_waiting_ms = min(created, self.oldest_waiting_ms or created)
        if len(self.never) < LISTED:
            self.never.append(event_id)


def step_of(took_ms: int) -> int:
    """The step that a time falls into: -1 is below a second."""
    step, edge = -1, 1000.0
    while took_ms >= edge:
        step, edge = step + 1, edge * STEP
    return step


def seconds_of(step: int) -> float:
    """The upper edge of a step, in seconds."""
    return 1.0 if step < 0 else STEP ** (step + 1)


def count(events: Path) -> Tally:
    """Read the export of events once. Raises ValueError in words."""
    tally, export = Tally(), Export(events)
    for entry in export.entries():
        if isinstance(entry, dict):
            tally.add(entry)
        else:
            tally.skipped += 1
    tally.skipped += export.malformed
    return tally


def endpoint_facts(endpoint: str) -> dict[str, Any]:
    """What `stripectl endpoints show --json` says; empty without that export. Raises ValueError in words."""
    if not endpoint:
        return {}
    found = next((entry for entry in Export(Path(endpoint)).entries() if isinstance(entry, dict)), None)
    if found is None or "status" not in found:
        raise ValueError(
            f"{endpoint} describes no endpoint. Make it with stripectl endpoints show ID --json."
        )
    return found


def percentile(tally: Tally, share: int) -> float | None:
    """The time in seconds within which `share` percent of the delivered events were accepted; None without any."""
    total = tally.times.total()
    if not total or tally.slowest_ms is None:
        return None
    seen = 0
    for step in sorted(tally.times):
        seen += tally.times[step]
        if seen * 100 >= share * total:
            return round(min(seconds_of(step), max(1.0, tally.slowest_ms / 1000)), 1)
    return None


def _state(entry: dict[str, Any]) -> str | None:
    """Of stripectl as it says; of Stripe's API an event is delivered when no endpoint waits for it."""
    said = entry.get("state")
    if isinstance(said, str):
        named = SPELLED.get(said, said)
        return named if named in STATES else None
    waiting = entry.get("pending_webhooks")
    return None if not isinstance(waiting, int) else FAILING if waiting else DELIVERED


def _ms(value: Any) -> int | None:
    if isinstance(value, bool) or value in (None, ""):
        return None
    if isinstance(value, int | float):
        return int(value if value > 1e11 else value * 1000)
    found = instants.read(str(value).strip(), UTC, 1 << 42)
    return found.ms if found else None


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "·" for each in text)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
