"""The result of the report: numbers with their exact meaning, and one sentence for a person."""

from typing import Any

import instants
from deliveries import DELIVERED, FAILING, PENDING, PERCENTILES, SENDING, Tally, percentile

DAY, HOUR, MINUTE = 86_400, 3_600, 60


def result(tally: Tally, endpoint: dict[str, Any], as_of_ms: int | None) -> dict[str, Any]:
    """Everything that key.json promises. `as_of_ms` is when the exports were made; None: their newest instant."""
    now_ms = as_of_ms if as_of_ms is not None else tally.newest_ms
    waiting = None
    if now_ms is not None and tally.oldest_waiting_ms is not None:
        waiting = max(0, (now_ms - tally.oldest_waiting_ms) // 1000)
    found = {
        "as_of": instants.words(now_ms),
        "events": tally.events,
        "delivered": tally.states[DELIVERED],
        "failing": tally.states[FAILING],
        "pending": tally.states[PENDING],
        "sending": tally.states[SENDING],
        "delivered_share": round(tally.states[DELIVERED] / tally.events, 4) if tally.events else None,
        "attempts": sum(number * times for number, times in tally.attempts.items()),
        "attempts_per_event": _attempts(tally),
        "last_status_counts": dict(sorted(tally.statuses.items())[:50]),
        **{f"time_to_delivery_p{share}_seconds": percentile(tally, share) for share in PERCENTILES},
        "time_to_delivery_max_seconds": None if tally.slowest_ms is None else tally.slowest_ms // 1000,
        "oldest_waiting_at": instants.words(tally.oldest_waiting_ms),
        "longest_waiting_seconds": waiting,
        "endpoint_status": _text(endpoint.get("status")),
        "disabled_since": _text(endpoint.get("disabled_at")),
        "failing_for_days": endpoint.get("failing_for_days"),
        "never_delivered": tally.never_count,
        "never_delivered_events": tally.never,
        "never_delivered_types": [
            {"type": name, "events": number} for name, number in tally.waiting_types.most_common(20)
        ],
        "entries_left_out": tally.skipped,
    }
    return {"answer": sentence(found), **found}


def sentence(found: dict[str, Any]) -> str:
    """The answer, for a tired person."""
    if not found["events"]:
        return "The export holds no event. That is not the same as nothing to deliver."
    disabled = (
        f" Stripe has disabled the endpoint{_since(found)}." if found["endpoint_status"] == "disabled" else ""
    )
    if not found["never_delivered"]:
        return f"All {found['events']:,} events were delivered.{disabled}"
    parts = [
        f"{found[state]:,} {words}"
        for state, words in (("failing", "failing"), ("pending", "never tried"), ("sending", "under way"))
        if found[state]
    ]
    waited = found["longest_waiting_seconds"]
    longest = f"; the oldest has waited {span(waited)}" if waited is not None else ""
    head = f"{found['never_delivered']:,} of {found['events']:,} events are not delivered"
    return f"{head}: {', '.join(parts)}{longest}.{disabled}"


def span(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`, `2.1 days`: two digits that a person can take in."""
    for size, name in ((DAY, "days"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size * (2 if size == DAY else 1):
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {name}"
    return f"{seconds:.0f} s"


def waiting(found: dict[str, Any]) -> list[str]:
    """The types of what waits, and the first twenty ids. What comes from the export is spelled in plain ASCII."""
    if not found["never_delivered"]:
        return ["Nothing waits."]
    types = [f"{each['events']:>8,}  {ascii(each['type'])[1:-1]}" for each in found["never_delivered_types"]]
    return [*types, "", *(ascii(event)[1:-1] for event in found["never_delivered_events"][:20])]


def _since(found: dict[str, Any]) -> str:
    since = found["disabled_since"]
    return f" since {since[:16].replace('T', ' ')} UTC" if since else ""


def _attempts(tally: Tally) -> dict[str, int]:
    """How many events had how many attempts; five and more together."""
    grouped = {"0": 0, "1": 0, "2": 0, "3": 0, "4": 0, "5 or more": 0}
    for number, times in tally.attempts.items():
        grouped[str(number) if 0 <= number < 5 else "5 or more"] += times
    return grouped


def _text(value: Any) -> str | None:
    return value[:80] if isinstance(value, str) else None
