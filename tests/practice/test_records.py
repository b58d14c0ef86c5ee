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
    items = {"data": [{"price": {"lookup_key": plan}, "current_period_end": created + 1000}]}
    thing = {"id": "sub", "object": "subscription", "customer": "cus", "status": status, "items": items}
    return {"id": event_id, "created": created, "data": {"object": thing}}


def paid(event_id: str, created: int, invoice: str, owner: str, amount: int) -> Held:
    """An event that says that an invoice was paid."""
    parent = {"subscription_details": {"subscription": owner}}
    thing = {
        "id": invoice,
        "object": "invoice",
        "customer": "cus",
        "amount_paid": amount,
        "currency": "eur",
        "parent": parent,
    }
    return {"id": event_id, "created": created, "data": {"object": thing}}


def invoice_row(key: str, owner: str, amount: int, paid_at: int) -> Held:
    """An invoice as the service keeps it."""
    names = ("id", "subscription", "customer", "amount_cents", "currency", "paid_at")
    return dict(zip(names, (key, owner, "cus", amount, "eur", paid_at), strict=True))


def subscription_row(key: str, status: str, plan: str | None, paid: int, as_of: int) -> Held:
    """A subscription as the service keeps it."""
    return {
        "id": key,
        "customer": "cus",
        "status": status,
        "plan": plan,
        "current_period_end": as_of + 1000 if as_of else None,
        "paid_total_cents": paid,
        "as_of": as_of,
    }


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
    "invoices": [invoice_row("in_1", "sub", 500, 20), invoice_row("in_3", "early", 700, 50)],
    "subscriptions": [
        subscription_row("sub", "canceled", "weekly", 500, 30),
        subscription_row("early", "incomplete", None, 700, 0),
    ],
}


def test_records_that_follow_from_the_applied_events_agree() -> None:
    """An event that was not applied yet, one out of order, and a payment before its subscription make no difference."""
    assert [] == records.differing(HELD, EVENTS)


def test_a_column_that_was_added_is_no_difference() -> None:
    """Events tell nothing of it; a field that they tell and that is gone is a difference."""
    held = copy.deepcopy(HELD)
    held["invoices"][0]["region"] = "PT"
    held["subscriptions"][1]["region"] = None
    assert [] == records.differing(held, EVENTS)
    del held["invoices"][1]["currency"]
    assert ["in_3"] == records.differing(held, EVENTS)


def _set(kind: str, number: int, **fields: object) -> Callable[[Held], None]:
    return lambda held: held[kind][number].update(fields)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (_set("invoices", 0, amount_cents=5), ["in_1"]),
        (_set("invoices", 0, currency="usd"), ["in_1"]),
        (_set("invoices", 0, customer="cus_other"), ["in_1"]),
        (_set("subscriptions", 0, current_period_end=1), ["sub"]),
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


def test_the_ledger_holds_the_rows_and_the_events_that_they_follow_from() -> None:
    """What is compared with, whole, from the applied events alone."""
    ledger = records.ledger(HELD, EVENTS)

    assert HELD["invoices"] == list(ledger.invoices.values())
    assert HELD["subscriptions"] == list(ledger.subscriptions.values())
    assert ["evt_1", "evt_2", "evt_3"] == ledger.sources["sub"]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", json.dumps(HELD)[:-20]])
def test_cut_or_empty_records_are_refused(text: str) -> None:
    """Nothing compared is not the same as nothing differing."""
    with pytest.raises(PracticeError, match="Nothing was compared"):
        records.parse(text)
