"""The service's own records, and what they must be according to Stripe's events.

`appctl records` and `recordsctl show` write them from one look at the database, with the ids of the events applied by
then; `stripectl` works out from those events what the records must be. So what happens between the two commands makes
no difference, and an event that is still on its way is no difference either.
"""

import json
from typing import Any, NamedTuple

from keys_practice.errors import PracticeError

Record = dict[str, Any]
KINDS = ("events", "invoices", "subscriptions")
TABLES = ("invoices", "subscriptions")


class Ledger(NamedTuple):
    """The rows that follow from events, by id, and by id the events that each row follows from.

    `oldest_event_at` is the second of the oldest event that Stripe still has, applied or not; None where it has none.
    """

    invoices: dict[str, Record]
    subscriptions: dict[str, Record]
    sources: dict[str, list[str]]
    oldest_event_at: int | None = None

    def content(self) -> Record:
        """For --json and for the KEYS that compare."""
        return {
            "invoices": list(self.invoices.values()),
            "subscriptions": list(self.subscriptions.values()),
            "sources": self.sources,
            "oldest_event_at": self.oldest_event_at,
        }


def parse(text: str) -> Record:
    """Read records. Raises PracticeError where they are cut or empty: the command before failed."""
    try:
        records = json.loads(text)
        return {kind: list(records[kind]) for kind in KINDS}
    except (ValueError, KeyError, TypeError) as problem:
        raise PracticeError(
            "These are no records from `appctl records` or `recordsctl show`. Nothing was compared."
        ) from problem


def ledger(records: Record, events: list[Record]) -> Ledger:
    """What the records must be: the rows that follow from those of Stripe's events that `records` has applied."""
    applied = set(records["events"])
    known = [event for event in events if event["id"] in applied]
    oldest = min((int(event["created"]) for event in events), default=None)
    return _expected(sorted(known, key=lambda event: int(event["created"])))._replace(oldest_event_at=oldest)


def differing(records: Record, events: list[Record]) -> list[str]:
    """The ids of events that never happened, and of invoices and subscriptions that are not as the others say."""
    must_be = ledger(records, events)
    return sorted(
        (set(records["events"]) - {event["id"] for event in events})
        | _unlike(must_be.invoices, _by_id(records["invoices"]))
        | _unlike(must_be.subscriptions, _by_id(records["subscriptions"]))
    )


def agrees(held: Record | None, must_be: Record | None) -> bool:
    """Whether a record is as it must be. Fields that no event tells, as of a column that was added, do not count."""
    if held is None or must_be is None:
        return held is must_be
    return all(name in held and held[name] == value for name, value in must_be.items())


def _by_id(rows: list[Record]) -> dict[str, Record]:
    return {row["id"]: row for row in rows}


def _unlike(expected: dict[str, Record], held: dict[str, Record]) -> set[str]:
    return {each for each in expected.keys() | held.keys() if not agrees(held.get(each), expected.get(each))}


def _expected(events: list[Record]) -> Ledger:
    """Invoices and subscriptions that follow from these events, oldest first."""
    found = Ledger({}, {}, {})
    for event in events:
        thing = event["data"]["object"]
        if thing["object"] == "subscription":
            held = found.subscriptions.setdefault(thing["id"], _unknown(thing["id"], thing["customer"]))
            held.update(_state(thing, event["created"]))
            found.sources.setdefault(thing["id"], []).append(event["id"])
        else:
            _pay(found, event, thing)
    return found


def _pay(found: Ledger, event: Record, invoice: Record) -> None:
    owner, amount = invoice["parent"]["subscription_details"]["subscription"], invoice["amount_paid"]
    found.invoices[invoice["id"]] = {
        "id": invoice["id"],
        "subscription": owner,
        "customer": invoice["customer"],
        "amount_cents": amount,
        "currency": invoice["currency"],
        "paid_at": event["created"],
    }
    held = found.subscriptions.setdefault(owner, _unknown(owner, invoice["customer"]))
    held["paid_total_cents"] += amount
    for each in (invoice["id"], owner):
        found.sources.setdefault(each, []).append(event["id"])


def _unknown(subscription: str, customer: str) -> Record:
    """A subscription of which only a payment is known."""
    return {
        "id": subscription,
        "customer": customer,
        "status": "incomplete",
        "plan": None,
        "current_period_end": None,
        "paid_total_cents": 0,
        "as_of": 0,
    }


def _state(subscription: Record, created: int) -> Record:
    item = subscription["items"]["data"][0]
    return {
        "status": subscription["status"],
        "plan": item["price"]["lookup_key"],
        "current_period_end": item["current_period_end"],
        "as_of": created,
    }
