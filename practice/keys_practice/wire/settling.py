"""Doing later what could not be done at once: each piece of work once, however often and by however many it is tried."""

from typing import Any

import psycopg

from keys_practice.wire.guard import Got, Guard
from keys_practice.wire.layout import PAYMENTS
from keys_practice.wire.orders import CANCELLED, CHARGED, SETTLE, ZONED, Orders, Row


def settle(orders: Orders, guard: Guard, order_id: str) -> dict[str, Any]:
    """Do one piece of deferred work. Returns `outcome`: done, cancelled, already, or failed with `why`.

    The row stays locked meanwhile. What the dependency has done already is looked up first and only noted: nobody knows
    how far an earlier try came, or what somebody did by hand. Where the customer was told that we are not sure, nothing
    is charged at all.
    """
    name = guard.dependency.name
    with orders.settling(order_id, name) as (connection, row):
        if row is None:
            return {"outcome": "already"}
        got = guard.look_up(order_id)
        is_surely_not_done = not got.is_done and got.is_sent
        if is_surely_not_done and row["promised"]:
            got = guard.ask(row, even_when_open=True)
        if got.is_done and not _is_readable(got.answer):
            return {"outcome": "failed", "why": "it answered 200 without saying what it did"}
        if not got.is_done and (row["promised"] or not is_surely_not_done):
            return {"outcome": "failed", "why": got.why, "retry_after_seconds": got.retry_after_seconds}
        outcome = "done" if got.is_done else "cancelled"
        connection.execute(SETTLE, (outcome, order_id, name))
        _note(connection, name, row, got)
    return {"outcome": outcome}


def _is_readable(answer: Any) -> bool:
    """Whether an answer says what was done. Without that nobody knows, and nothing may be noted."""
    return isinstance(answer, dict) and {"id", "value"} <= answer.keys()


def _note(connection: psycopg.Connection[Row], name: str, row: Row, got: Got) -> None:
    if name != PAYMENTS:
        connection.execute(ZONED, (got.answer["value"], row["id"]))
    elif got.is_done:
        connection.execute(CHARGED, (got.answer["id"], got.answer["value"], row["id"]))
    else:
        connection.execute(CANCELLED, (row["id"],))
