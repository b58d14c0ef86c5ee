"""The orders, as three sides know them: what the customer was told, what we wrote down, what the dependencies did."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from keys_practice.wire.company import Company
from keys_practice.wire.layout import ADDRESSES, PAYMENTS

NAMED = 3
YOUNG_SECONDS = 3.0
UNCONFIRMED_SECONDS = 10.0
QUERY = """
SELECT o.*, extract(epoch FROM now() - o.created_at)::float AS age,
  array(SELECT d.dependency FROM deferred d WHERE d.order_id = o.id AND d.outcome IS NULL) AS waits_for
FROM orders o
"""

Row = dict[str, Any]
Books = list[tuple[str, int]]


@dataclass(frozen=True)
class Told:
    """What one customer was told last."""

    order: str
    amount_cents: int
    status: int


def problems(company: Company, is_well: dict[str, bool]) -> list[str]:
    """Orders that were lost, doubled, charged wrongly or left waiting although the dependency is well."""
    # In this order: what was told before the database is read stands in it, and what it holds as paid was charged.
    told = _told(company)
    try:
        rows = _rows(company)
    except psycopg.Error as problem:
        return [f"The database cannot be read: {str(problem).strip().splitlines()[0]}."]
    charges, zones = company.done_at(PAYMENTS), dict(company.done_at(ADDRESSES))
    found = {
        "that customers have and we do not": _lost(told, rows),
        "charged more than once": _doubled(charges),
        "charged wrongly, or noted wrongly": _wrong(rows, charges),
        "paid that were never charged": _never_charged(rows, charges),
        "charged that we told no customer of": _untold(rows, charges),
        "with a wrong delivery zone": _wrong_zone(rows, zones),
        "that still wait": _waiting(rows, is_well),
        "that no webhook has confirmed": _unconfirmed(rows),
    }
    return [_words(orders, what) for what, orders in found.items() if orders]


def _told(company: Company) -> list[Told]:
    last = {each["order"]: each for each in company.answers()}
    return [Told(order, each["amount_cents"], each["status"]) for order, each in last.items()]


def _rows(company: Company) -> dict[str, Row]:
    with psycopg.connect(company.databases.superuser, connect_timeout=3, row_factory=dict_row) as connection:
        return {row["id"]: row for row in connection.execute(QUERY).fetchall()}


def _lost(told: list[Told], rows: dict[str, Row]) -> list[str]:
    """A customer who holds a yes needs a row that keeps it, over the same amount; one who was told `unsure` needs one too."""
    kept = {201: ("paid",), 202: ("paid", "queued"), 504: ("unsure", "paid", "cancelled")}
    return [
        each.order
        for each in told
        if each.status in kept
        and (
            each.order not in rows
            or rows[each.order]["state"] not in kept[each.status]
            or rows[each.order]["amount_cents"] != each.amount_cents
        )
    ]


def _doubled(charges: Books) -> list[str]:
    return [order for order, count in Counter(order for order, _ in charges).items() if count > 1]


def _wrong(rows: dict[str, Row], charges: Books) -> list[str]:
    amounts = dict(charges)
    return [
        order
        for order, row in rows.items()
        if row["state"] == "paid"
        and order in amounts
        and not (row["charged_cents"] == amounts[order] == row["amount_cents"])
    ]


def _never_charged(rows: dict[str, Row], charges: Books) -> list[str]:
    charged = {order for order, _ in charges}
    return [order for order, row in rows.items() if row["state"] == "paid" and order not in charged]


def _untold(rows: dict[str, Row], charges: Books) -> list[str]:
    """`new` is an order on its way; `unsure` and `queued` are looked at as waiting."""
    fair = ("paid", "queued", "unsure", "new")
    return sorted({order for order, _ in charges if order not in rows or rows[order]["state"] not in fair})


def _wrong_zone(rows: dict[str, Row], zones: dict[str, int]) -> list[str]:
    return [
        order for order, row in rows.items() if row["zone"] is not None and row["zone"] != zones.get(order)
    ]


def _waiting(rows: dict[str, Row], is_well: dict[str, bool]) -> list[str]:
    return [
        order
        for order, row in rows.items()
        if row["age"] > YOUNG_SECONDS and any(is_well[name] for name in row["waits_for"])
    ]


def _unconfirmed(rows: dict[str, Row]) -> list[str]:
    return [
        order
        for order, row in rows.items()
        if row["state"] == "paid" and row["confirmed_at"] is None and row["age"] > UNCONFIRMED_SECONDS
    ]


def _words(orders: list[str], what: str) -> str:
    return f"Orders {what}: {len(orders)} ({', '.join(sorted(orders)[:NAMED])})."
