"""What the checkout keeps of each order. The intent is durable before anybody is asked to charge."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg

from keys_practice.database import Pool

STATEMENT_TIMEOUT_MS = 5000
BEGIN = """
INSERT INTO orders (id, amount_cents, postcode, state) VALUES (%(id)s, %(amount_cents)s, %(postcode)s, 'new')
ON CONFLICT (id) DO UPDATE SET state = 'new' WHERE orders.state = 'refused' RETURNING id
"""
FINISH = """
UPDATE orders SET state = %(state)s, charge_id = %(charge_id)s, charged_cents = %(charged_cents)s, zone = %(zone)s
WHERE id = %(id)s
"""
DEFER = "INSERT INTO deferred (order_id, dependency, promised) VALUES (%s, %s, %s)"
WAITING = """
SELECT order_id, dependency, promised, extract(epoch FROM created_at)::float AS created_at FROM deferred
WHERE outcome IS NULL AND dependency = %s ORDER BY created_at, order_id
"""
CLAIM = """
SELECT o.id, o.amount_cents, o.postcode, o.state, d.promised FROM deferred d JOIN orders o ON o.id = d.order_id
WHERE d.order_id = %s AND d.dependency = %s AND d.outcome IS NULL FOR UPDATE
"""
SETTLE = "UPDATE deferred SET outcome = %s, settled_at = now() WHERE order_id = %s AND dependency = %s"
CHARGED = "UPDATE orders SET state = 'paid', charge_id = %s, charged_cents = %s WHERE id = %s"
ZONED = "UPDATE orders SET zone = %s WHERE id = %s"
CANCELLED = "UPDATE orders SET state = 'cancelled' WHERE id = %s"
CONFIRM = "UPDATE orders SET confirmed_at = coalesce(confirmed_at, now()) WHERE id = %s"
RECORDS = """
SELECT id, state, amount_cents, charged_cents, zone, postcode, confirmed_at IS NOT NULL AS confirmed,
  extract(epoch FROM now() - created_at)::float AS age_seconds,
  (SELECT extract(epoch FROM max(d.settled_at))::float FROM deferred d
    WHERE d.order_id = orders.id AND d.outcome = 'cancelled') AS cancelled_at
FROM orders ORDER BY created_at, id
"""

Row = dict[str, Any]


class Orders:
    """The checkout's tables. Each method is a transaction of its own; psycopg.Error when the database refuses."""

    def __init__(self, address: str) -> None:
        self._database = Pool(address, f"-c statement_timeout={STATEMENT_TIMEOUT_MS}")

    def begin(self, order: Row) -> bool:
        """Note an order before anything is done for it. False when it is known already."""
        with self._database.transaction() as connection:
            return connection.execute(BEGIN, order).fetchone() is not None

    def state(self, order_id: str) -> Row:
        """The row of an order that is known."""
        with self._database.transaction() as connection:
            row = connection.execute("SELECT * FROM orders WHERE id = %s", (order_id,)).fetchone()
        return row or {}

    def finish(self, row: Row, deferred: dict[str, bool]) -> None:
        """Note what came of it, and what must be done later (dependency to whether it was promised)."""
        with self._database.transaction() as connection:
            connection.execute(FINISH, row)
            for dependency, is_promised in deferred.items():
                connection.execute(DEFER, (row["id"], dependency, is_promised))

    def waiting(self, dependency: str) -> list[Row]:
        """What is to be done later, oldest first."""
        return self._rows(WAITING, dependency)

    def records(self) -> list[Row]:
        """Every order as it stands."""
        return self._rows(RECORDS)

    def confirm(self, order_id: str) -> None:
        """Note that the provider has confirmed the charge."""
        with self._database.transaction() as connection:
            connection.execute(CONFIRM, (order_id,))

    @contextmanager
    def settling(
        self, order_id: str, dependency: str
    ) -> Iterator[tuple[psycopg.Connection[Row], Row | None]]:
        """One deferred piece of work, locked until the block ends: two drains never settle the same one."""
        with self._database.transaction() as connection:
            yield connection, connection.execute(CLAIM, (order_id, dependency)).fetchone()

    def health(self) -> str:
        """ok, read-only or refused. Reads only."""
        try:
            with self._database.transaction() as connection:
                row = connection.execute("SHOW transaction_read_only").fetchone() or {}
        except psycopg.Error:
            return "refused"
        return "read-only" if row["transaction_read_only"] == "on" else "ok"

    def _rows(self, query: LiteralString, *values: Any) -> list[Row]:
        with self._database.transaction() as connection:
            return connection.execute(query, values).fetchall()
