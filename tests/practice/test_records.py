"""The service's records are compared with what the applied events must have come to."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from keys_practice.commands import records
from keys_practice.errors import PracticeError

Held = dict[str, Any]


def subscribed(event_id: str, created: int, status: str, plan: str) -> Held:
    """An event that says how the subscription `sub` stands."""
    items = {"data": [{"price": {"lookup_key": plan}}]}
    thing = {"id": "sub", "object": "subscription", "status": status, "items": items}
    return {"id": event_id, "created": created, "data": {"object": thing}}


def paid(event_id: str, created: int, invoice: str, owner: str, amount: int) -> Held:
    """An event that says that an invoice was paid."""
    parent = {"subscription_details": {"subscription": owner}}
    thing = {"id": invoice, "object": "invoice", "amount_paid": amount, "currency": "eur", "parent": parent}
    return {"id": event_id, "created": created, "data": {"object": thing}}


EVENTS = [
    subscribed("evt_1", 10, "active", "weekly"),
    paid("evt_2", 20, "in_1", "sub", 500),
    subscribed("evt_3", 30, "canceled", "weekly"),
    paid("evt_4", 40, "in_2", "sub", 300),
    paid("evt_5", 50, "in_3", "early", 700),
    {"id": "evt_test", "created": 60},
]
HELD: Held = {
    "events": ["evt_3", "evt_2", "evt_1", "evt_5"],
    "invoices": [
        {"id": "in_1", "subscription": "sub", "amount_cents": 500, "currency": "eur"},
        {"id": "in_3", "subscription": "early", "amount_cents": 700, "currency": "eur"},
    ],
    "subscriptions": [
        {"id": "sub", "status": "canceled", "plan": "weekly", "paid_total_cents": 500, "as_of": 30},
        {"id": "early", "status": "incomplete", "plan": None, "paid_total_cents": 700, "as_of": 0},
    ],
}


def test_records_that_follow_from_the_applied_events_agree() -> None:
    """An event that was not applied yet, one out of order, and a payment before its subscription make no difference."""
    assert [] == records.differing(HELD, EVENTS)


def _set(kind: str, number: int, **fields: object) -> Callable[[Held], None]:
    return lambda held: held[kind][number].update(fields)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (_set("invoices", 0, amount_cents=5), ["in_1"]),
        (_set("invoices", 0, currency="usd"), ["in_1"]),
        (_set("subscriptions", 0, paid_total_cents=1000), ["sub"]),
        (_set("subscriptions", 0, status="active", as_of=10), ["sub"]),
        (_set("subscriptions", 1, plan="weekly"), ["early"]),
        (lambda held: held["subscriptions"].pop(0), ["sub"]),
        (lambda held: held["invoices"].pop(), ["in_3"]),
        (lambda held: held["events"].append("evt_forged"), ["evt_forged"]),
        (lambda held: held["events"].append("evt_4"), ["in_2", "sub"]),
    ],
)
def test_a_record_that_does_not_follow_is_named(spoil: Callable[[Held], object], found: list[str]) -> None:
    """A wrong amount, a payment counted twice, an old status, a lost row, a forged event, an event without effect."""
    held = copy.deepcopy(HELD)
    spoil(held)

    assert found == records.differing(held, EVENTS)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", json.dumps(HELD)[:-20]])
def test_cut_or_empty_records_are_refused(text: str) -> None:
    """Nothing compared is not the same as nothing differing."""
    with pytest.raises(PracticeError, match="Nothing was compared"):
        records.parse(text)
