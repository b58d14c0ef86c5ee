"""The service's own records, and whether they say what Stripe's events came to.

`appctl records` writes them from one look at the database; `stripectl compare-records` reads them. Each record is
compared with the events that it says it follows from. So what happens between the two commands makes no difference.
"""

import json
from collections import defaultdict
from typing import Any

from keys_practice.errors import PracticeError

Record = dict[str, Any]


def parse(text: str) -> Record:
    """Read records. Raises PracticeError where they are cut or empty: the command before failed."""
    try:
        records = json.loads(text)
        return {"invoices": list(records["invoices"]), "subscriptions": list(records["subscriptions"])}
    except (ValueError, KeyError, TypeError) as problem:
        raise PracticeError("These are no records from `appctl records`. Nothing was compared.") from problem


def differing(records: Record, events: list[Record]) -> list[str]:
    """The ids of invoices and subscriptions that are not as the events say, sorted."""
    things = [(event["created"], event["data"]["object"]) for event in events if "data" in event]
    paid = {thing["id"]: thing for _, thing in things if thing["object"] == "invoice"}
    subscribed = {(thing["id"], at): thing for at, thing in things if thing["object"] == "subscription"}
    wrong = {each["id"] for each in records["invoices"] if not _is_right(each, paid.get(each["id"]))}
    totals: defaultdict[str, int] = defaultdict(int)
    for each in records["invoices"]:
        totals[each["subscription"]] += paid.get(each["id"], {}).get("amount_paid", 0)
    for each in records["subscriptions"]:
        thing = subscribed.get((each["id"], each["as_of"]))
        if each["paid_total_cents"] != totals[each["id"]] or not _is_state_right(each, thing):
            wrong.add(each["id"])
    return sorted(wrong)


def _is_right(invoice: Record, paid: Record | None) -> bool:
    return paid is not None and (invoice["amount_cents"], invoice["currency"]) == (
        paid["amount_paid"],
        paid["currency"],
    )


def _is_state_right(subscription: Record, thing: Record | None) -> bool:
    """Whether status and plan are those of the event that the record follows; before the first one there is none."""
    if subscription["as_of"] == 0:
        return True
    if thing is None:
        return False
    plan = thing["items"]["data"][0]["price"]["lookup_key"]
    return (subscription["status"], subscription["plan"]) == (thing["status"], plan)
