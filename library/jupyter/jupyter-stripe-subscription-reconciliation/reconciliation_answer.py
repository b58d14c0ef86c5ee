"""The result of the reconciliation: numbers with their exact meaning, and one sentence for a person. Pure."""

from collections import Counter
from typing import Any

from differing_records import KINDS, Difference, words

LISTED = 1000
SHOWN = 20
NAMES = {
    "missing_here": "missing here",
    "orphaned": "unknown to Stripe",
    "duplicated": "copies",
    "status_differs": "with another status",
    "amount_differs": "with another amount",
    "details_differ": "with other details",
}


def result(
    found: list[Difference], compared: int, not_applied_here: int, oldest_event_at: int | None
) -> dict[str, Any]:
    """Everything that key.json promises."""
    kinds, tables = Counter(each.kind for each in found), Counter(each.table for each in found)
    fields = Counter(name for each in found for name in each.fields)
    told = {
        "compared": compared,
        "differ": len(found),
        **{kind: kinds[kind] for kind in KINDS},
        "differ_share": round(len(found) / compared, 4) if compared else 0,
        "invoices_differ": tables["invoices"],
        "subscriptions_differ": tables["subscriptions"],
        "fields": dict(sorted(fields.items())),
        "cents_too_much": _cents(found),
        "events_unknown_to_stripe": not_applied_here,
        "older_than_events": sum(_is_older(each, oldest_event_at) for each in found),
        "records": [f"{each.table} {each.key}" for each in found[:LISTED]],
    }
    return {"answer": sentence(told), **told}


def sentence(told: dict[str, Any]) -> str:
    """The answer, for a tired person."""
    if not told["compared"]:
        return "There is no record on either side. That is not the same as agreement."
    if not told["differ"]:
        return f"All {told['compared']:,} records are what Stripe's events say."
    parts = ", ".join(f"{told[kind]:,} {NAMES[kind]}" for kind in KINDS if told[kind])
    return f"{told['differ']:,} of {told['compared']:,} records are not what Stripe's events say: {parts}."


def first_lines(found: list[Difference]) -> list[str]:
    """The first twenty differences, spelled in plain ASCII."""
    lines = [ascii(words(each))[1:-1] for each in found[:SHOWN]]
    more = len(found) - SHOWN
    return [*lines, f"… and {more:,} more"] if more > 0 else lines or ["Nothing differs."]


def _is_older(each: Difference, oldest_event_at: int | None) -> bool:
    """Whether its last event may be one that Stripe has forgotten. Then Stripe's events are no truth about it."""
    at = _at(each.held)
    if each.held is None or (each.must_be is not None and at == _at(each.must_be)):
        return False
    return at is None or oldest_event_at is None or at < oldest_event_at


def _at(row: dict[str, Any] | None) -> int | None:
    """The second of the last event that the record knows of."""
    at = (row or {}).get("paid_at", (row or {}).get("as_of"))
    return at if isinstance(at, int) else None


def _cents(found: list[Difference]) -> int:
    """By how much our invoices say more was paid than Stripe does; below 0: less."""
    invoices = [each for each in found if each.table == "invoices"]
    return sum(_amount(each.held) - _amount(each.must_be) for each in invoices)


def _amount(row: dict[str, Any] | None) -> int:
    amount = (row or {}).get("amount_cents", 0)
    return amount if isinstance(amount, int) else 0
