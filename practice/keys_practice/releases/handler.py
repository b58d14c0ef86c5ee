"""What Larkspur Letters does with a Stripe event. Every release ships its own copy of this file."""

from typing import Any

import psycopg

REMEMBER = "INSERT INTO processed_events (event_id, type) VALUES (%s, %s) ON CONFLICT DO NOTHING"

SUBSCRIPTION = """
INSERT INTO subscriptions AS held (id, customer, status, plan, current_period_end, as_of)
VALUES (%(id)s, %(customer)s, %(status)s, %(plan)s, %(period_end)s, %(created)s)
ON CONFLICT (id) DO UPDATE SET
    status = excluded.status, plan = excluded.plan,
    current_period_end = excluded.current_period_end, as_of = excluded.as_of
WHERE held.as_of < excluded.as_of
"""

INVOICE = """
INSERT INTO invoices (id, subscription, customer, amount_cents, currency, paid_at)
VALUES (%(id)s, %(subscription)s, %(customer)s, %(amount)s, %(currency)s, %(created)s)
"""

# A payment may arrive before its subscription: then the row waits as "incomplete".
PAID = """
INSERT INTO subscriptions AS held (id, customer, status, paid_total_cents)
VALUES (%(subscription)s, %(customer)s, 'incomplete', %(amount)s)
ON CONFLICT (id) DO UPDATE SET paid_total_cents = held.paid_total_cents + excluded.paid_total_cents
"""

HANDLED = (
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.paid",
)


def apply(event: dict[str, Any], connection: psycopg.Connection) -> str:
    """Apply the event in the caller's transaction. Returns applied, duplicate or ignored."""
    if event["type"] not in HANDLED:
        return "ignored"
    if connection.execute(REMEMBER, (event["id"], event["type"])).rowcount == 0:
        return "duplicate"
    if event["type"] == "invoice.paid":
        _pay(event, connection)
    else:
        _subscribe(event, connection)
    return "applied"


def _subscribe(event: dict[str, Any], connection: psycopg.Connection) -> None:
    subscription = event["data"]["object"]
    item = subscription["items"]["data"][0]
    values = {
        "id": subscription["id"],
        "customer": subscription["customer"],
        "status": subscription["status"],
        "plan": item["price"]["lookup_key"],
        "period_end": item["current_period_end"],
        "created": event["created"],
    }
    connection.execute(SUBSCRIPTION, values)


def _pay(event: dict[str, Any], connection: psycopg.Connection) -> None:
    invoice = event["data"]["object"]
    values = {
        "id": invoice["id"],
        "subscription": invoice["parent"]["subscription_details"]["subscription"],
        "customer": invoice["customer"],
        "amount": invoice["amount_paid"],
        "currency": invoice["currency"],
        "created": event["created"],
    }
    connection.execute(INVOICE, values)
    connection.execute(PAID, values)
