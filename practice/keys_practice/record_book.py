"""Corrects the company's records so that nothing is lost: every change is written down before it is made.

A record is an invoice or a subscription as a JSON object. A change knows what the record was (`before`) and is to become
(`after`). It is made only while the record still is what it was; else it is left alone, for somebody else is at work on
it. What Stripe does not know goes to an archive. All methods raise psycopg.Error when the database refuses.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from keys_practice.commands.records import agrees
from keys_practice.errors import PracticeError

Record = dict[str, Any]
CONNECT_SECONDS = 3
STATEMENT_TIMEOUT_MS = 10_000
MOST_AT_ONCE = 500
DONE, ALREADY, LEFT_ALONE = "done", "already", "left alone"

_SHOW: dict[str, LiteralString] = {
    "events": "SELECT event_id AS record FROM processed_events ORDER BY 1",
    "invoices": "SELECT to_jsonb(i) AS record FROM invoices i ORDER BY id",
    "subscriptions": "SELECT to_jsonb(s) AS record FROM subscriptions s ORDER BY id",
}
_ROW: dict[str, LiteralString] = {
    "invoices": "SELECT to_jsonb(t) AS record FROM invoices t WHERE id = %s",
    "subscriptions": "SELECT to_jsonb(t) AS record FROM subscriptions t WHERE id = %s",
}
_TAKE_OUT: dict[str, LiteralString] = {
    "invoices": "DELETE FROM invoices WHERE id = %s",
    "subscriptions": "DELETE FROM subscriptions WHERE id = %s",
}
_PUT_IN: dict[str, LiteralString] = {
    "invoices": "INSERT INTO invoices SELECT * FROM jsonb_populate_record(NULL::invoices, %s)",
    "subscriptions": "INSERT INTO subscriptions SELECT * FROM jsonb_populate_record(NULL::subscriptions, %s)",
}
_OVERWRITE: dict[str, LiteralString] = {
    "invoices": (
        "UPDATE invoices t SET (subscription, customer, amount_cents, currency, paid_at) = (SELECT n.subscription,"
        " n.customer, n.amount_cents, n.currency, n.paid_at FROM jsonb_populate_record(NULL::invoices, %s) n)"
        " WHERE t.id = %s"
    ),
    "subscriptions": (
        "UPDATE subscriptions t SET (customer, status, plan, current_period_end, paid_total_cents, as_of) ="
        " (SELECT n.customer, n.status, n.plan, n.current_period_end, n.paid_total_cents, n.as_of"
        " FROM jsonb_populate_record(NULL::subscriptions, %s) n) WHERE t.id = %s"
    ),
}
_FREEZE = (
    "SELECT began_at, by, reason FROM record_freezes WHERE ended_at IS NULL ORDER BY began_at DESC LIMIT 1"
)
_CHANGES = "SELECT * FROM record_changes WHERE run = %s ORDER BY seq"
_ARCHIVED = "SELECT source_table, row_id, record FROM records_archive WHERE run = %s AND restored_at IS NULL"


class Change(NamedTuple):
    """One change of a run, as the database keeps it."""

    seq: int
    table: str
    row_id: str
    before: Record | None
    after: Record | None
    reason: str


class RecordBook:
    """The records and what was changed about them, behind the URL of a role that owns them."""

    def __init__(self, url: str) -> None:
        self._url = url

    def show(self) -> dict[str, list[Any]]:
        """Applied events, invoices and subscriptions, from one look."""
        with self._opened() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return {
                kind: [row["record"] for row in connection.execute(query).fetchall()]
                for kind, query in _SHOW.items()
            }

    def freeze(self) -> Record | None:
        """Who has frozen the books, why, since when; None where they are open."""
        with self._opened() as connection:
            return connection.execute(_FREEZE).fetchone()

    def plan(self, run: str, changes: list[Change]) -> int:
        """Write down what the run is to change. Nothing is changed yet. Returns how many there are.

        The same plan again is no new one. Raises PracticeError for another plan under the same name.
        """
        with self._opened() as connection:
            _refuse_frozen(connection)
            known = [_change(row) for row in connection.execute(_CHANGES, (run,)).fetchall()]
            if known and known != changes:
                raise PracticeError(
                    f"There is another plan called {run}. Choose a new name; nothing was written."
                )
            for each in changes if not known else ():
                connection.execute(
                    "INSERT INTO record_changes (run, seq, source_table, row_id, before, after, reason)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                    (
                        run,
                        each.seq,
                        each.table,
                        each.row_id,
                        _json(each.before),
                        _json(each.after),
                        each.reason,
                    ),
                )
        return len(changes)

    def discard(self, run: str) -> int:
        """Forget what the run planned and did not do. Returns how much that was."""
        with self._opened() as connection:
            done = connection.execute("DELETE FROM record_changes WHERE run = %s AND done_at IS NULL", (run,))
            return done.rowcount

    def apply(self, run: str, seqs: list[int]) -> dict[int, str]:
        """Make these changes of the run, each only while the record is as planned, all in one transaction.

        Returns for each: done, already (it is as wanted), left alone (somebody has changed it since).
        """
        if len(seqs) > MOST_AT_ONCE:
            raise PracticeError(
                f"That are {len(seqs)} changes; at most {MOST_AT_ONCE} go at once. Nothing was done."
            )
        with self._opened() as connection:
            _refuse_frozen(connection)
            rows = connection.execute(_CHANGES, (run,)).fetchall()
            chosen = [row for row in rows if row["seq"] in seqs]
            return {row["seq"]: _apply(connection, row) for row in chosen}

    def undo(self, run: str) -> dict[int, str]:
        """Put back what the run changed, the last one first, each only while it is as the run left it."""
        with self._opened() as connection:
            rows = connection.execute(_CHANGES, (run,)).fetchall()
            standing = [row for row in reversed(rows) if row["done_at"] and not row["undone_at"]]
            if standing:
                _refuse_frozen(connection)
            return {row["seq"]: _undo(connection, row) for row in standing}

    def changes(self, run: str) -> list[Record]:
        """What the run planned and did, with the records before and after, as they are now and in the archive."""
        with self._opened() as connection:
            rows = connection.execute(_CHANGES, (run,)).fetchall()
            archive = {
                (each["source_table"], each["row_id"]): each["record"]
                for each in connection.execute(_ARCHIVED, (run,)).fetchall()
            }
            return [
                {
                    **row,
                    "now": _now(connection, row),
                    "archived": archive.get((row["source_table"], row["row_id"])),
                }
                for row in rows
            ]

    def runs(self) -> list[Record]:
        """Every run, the newest first: what it planned, did and undid."""
        query = (
            "SELECT run, min(planned_at) AS planned_at, count(*) AS planned, count(done_at) AS done,"
            " count(undone_at) AS undone FROM record_changes GROUP BY run ORDER BY 2 DESC"
        )
        with self._opened() as connection:
            return connection.execute(query).fetchall()

    def archive(self) -> list[Record]:
        """Every archived record, the newest first."""
        with self._opened() as connection:
            return connection.execute(
                "SELECT * FROM records_archive ORDER BY archived_at DESC, row_id"
            ).fetchall()

    @contextmanager
    def _opened(self) -> Iterator[psycopg.Connection[Record]]:
        """One transaction: whole or not at all."""
        options = f"-c statement_timeout={STATEMENT_TIMEOUT_MS}"
        with psycopg.connect(
            self._url, connect_timeout=CONNECT_SECONDS, options=options, row_factory=dict_row
        ) as connection:
            yield connection


def _refuse_frozen(connection: psycopg.Connection[Record]) -> None:
    found = connection.execute(_FREEZE).fetchone()
    if found:
        raise PracticeError(f"{found['by']} has frozen the books: {found['reason']}. Nothing was changed.")


def _apply(connection: psycopg.Connection[Record], row: Record) -> str:
    now = _now(connection, row, is_locking=True)
    if agrees(now, row["after"]):
        return ALREADY
    if row["done_at"] or now != row["before"]:
        return LEFT_ALONE
    _put(connection, row, row["before"], row["after"])
    _must_be_so(connection, row, row["after"])
    if row["after"] is None:
        connection.execute(
            "INSERT INTO records_archive (run, source_table, row_id, record, reason) VALUES (%s, %s, %s, %s, %s)",
            (row["run"], row["source_table"], row["row_id"], _json(row["before"]), row["reason"]),
        )
    _stamp(connection, "UPDATE record_changes SET done_at = now() WHERE run = %s AND seq = %s", row)
    return DONE


def _undo(connection: psycopg.Connection[Record], row: Record) -> str:
    if not agrees(_now(connection, row, is_locking=True), row["after"]):
        return LEFT_ALONE
    _put(connection, row, row["after"], row["before"])
    _must_be_so(connection, row, row["before"])
    if row["after"] is None:
        connection.execute(
            "UPDATE records_archive SET restored_at = now() WHERE run = %s AND source_table = %s AND row_id = %s",
            (row["run"], row["source_table"], row["row_id"]),
        )
    _stamp(connection, "UPDATE record_changes SET undone_at = now() WHERE run = %s AND seq = %s", row)
    return DONE


def _put(connection: psycopg.Connection[Record], row: Record, old: Record | None, new: Record | None) -> None:
    """Make the record `new`. The caller has seen, and locked, that it is `old`."""
    place = row["source_table"]
    if new is None:
        connection.execute(_TAKE_OUT[place], (row["row_id"],))
    elif old is None:
        connection.execute(_PUT_IN[place], (_json(new),))
    else:
        connection.execute(_OVERWRITE[place], (_json(new), row["row_id"]))


def _must_be_so(connection: psycopg.Connection[Record], row: Record, wanted: Record | None) -> None:
    """Read again what was written: a trigger may swallow a write and complain of nothing. Raises PracticeError."""
    if not agrees(_now(connection, row), wanted):
        raise PracticeError(
            f"The database took the change of {row['source_table']} {row['row_id']} and did not make it,"
            " as if a trigger had swallowed it. This call changed nothing."
        )


def _now(connection: psycopg.Connection[Record], row: Record, is_locking: bool = False) -> Record | None:
    query = _ROW[row["source_table"]]
    found = connection.execute(query + " FOR UPDATE" if is_locking else query, (row["row_id"],)).fetchone()
    return found["record"] if found else None


def _stamp(connection: psycopg.Connection[Record], statement: LiteralString, row: Record) -> None:
    connection.execute(statement, (row["run"], row["seq"]))


def _change(row: Record) -> Change:
    return Change(row["seq"], row["source_table"], row["row_id"], row["before"], row["after"], row["reason"])


def _json(record: Record | None) -> Jsonb | None:
    return None if record is None else Jsonb(record)
