"""The service's own records, and whether they say what the applied events came to.

`appctl records` writes them from one look at the database, with the ids of the events applied by then;
`stripectl compare-records` works out from those events what the records must be. So what happens between the two
commands makes no difference.
"""

import json
from typing import Any

from keys_practice.errors import PracticeError

Record = dict[str, Any]
KINDS = ("events", "invoices", "subscriptions")
INVOICE = ("subscription", "amount_cents", "currency")
SUBSCRIPTION = ("status", "plan", "paid_total_cents", "as_of")


def parse(text: str) -> Record:
    """Read records. Raises PracticeError where they are cut or empty: the command before failed."""
    try:
        records = json.loads(text)
        return {kind: list(records[kind]) for kind in KINDS}
    except (ValueError, KeyError, TypeError) as problem:
        raise PracticeError("These are no records from `appctl records`. Nothing was compared.") from problem


def differing(records: Record, events: list[Record]) -> list[str]:
    """The ids of events that never happened, and of invoices and subscriptions that are not as the others say."""
    happened = {event["id"]: event for event in events}
    applied = [happened[each] for each in records["events"] if each in happened]
    invoices, subscriptions = _expected(sorted(applied, key=lambda event: int(event["created"])))
    return sorted(
        (set(records["events"]) - happened.keys())
        | _unlike(invoices, _held(records["invoices"], INVOICE))
        | _unlike(subscriptions, _held(records["subscriptions"], SUBSCRIPTION))
    )


def _held(rows: list[Record], fields: tuple[str, ...]) -> dict[str, Record]:
    return {row["id"]: {field: row[field] for field in fields} for row in rows}


def _unlike(expected: dict[str, Record], held: dict[str, Record]) -> set[str]:
    return {each for each in expected.keys() | held.keys() if expected.get(each) != held.get(each)}


def _expected(events: list[Record]) -> tuple[dict[str, Record], dict[str, Record]]:
    """Invoices and subscriptions that follow from these events, oldest first."""
    invoices: dict[str, Record] = {}
    subscriptions: dict[str, Record] = {}
    for event in events:
        thing = event["data"]["object"]
        if thing["object"] == "subscription":
            subscriptions.setdefault(thing["id"], _unknown()).update(_state(thing, event["created"]))
            continue
        owner, amount = thing["parent"]["subscription_details"]["subscription"], thing["amount_paid"]
        invoices[thing["id"]] = dict(zip(INVOICE, (owner, amount, thing["currency"]), strict=True))
        subscriptions.setdefault(owner, _unknown())["paid_total_cents"] += amount
    return invoices, subscriptions


def _unknown() -> Record:
    """A subscription of which only a payment is known."""
    return {"status": "incomplete", "plan": None, "paid_total_cents": 0, "as_of": 0}


def _state(subscription: Record, created: int) -> Record:
    plan = subscription["items"]["data"][0]["price"]["lookup_key"]
    return {"status": subscription["status"], "plan": plan, "as_of": created}
