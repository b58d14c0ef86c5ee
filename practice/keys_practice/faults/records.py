"""Faults of the records themselves: webhooks work, and invoices or subscriptions are not what Stripe has."""

import contextlib
import sqlite3
from collections.abc import Callable

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from keys_practice.commands import records
from keys_practice.company import Company
from keys_practice.errors import PracticeError
from keys_practice.faults.fault import Fault, let_events_be_accepted

LAG_SECONDS = 2.0
MOST_EVENTS = 120

_ORPHANED_INVOICES = """
INSERT INTO invoices SELECT 'in_1Sarchived' || to_char(n, 'FM00000'), 'sub_1Sbackup' || n % 7, 'cus_backup' || n % 7,
    500, 'eur', (SELECT min(as_of) FROM subscriptions WHERE as_of > 0) + 60 + n
FROM generate_series(1, {}) n;
"""
_ORPHANED_SUBSCRIPTIONS = """
INSERT INTO subscriptions SELECT 'sub_1Sbackup' || n, 'cus_backup' || n, 'active', 'weekly-letter', 1702592000, 1000,
    (SELECT min(paid_at) FROM invoices) + 60 + n
FROM generate_series(1, 2) n;
"""
_MISSING = """
DELETE FROM invoices WHERE id IN (SELECT id FROM invoices ORDER BY id LIMIT 2);
DELETE FROM subscriptions WHERE id = (SELECT min(id) FROM subscriptions WHERE status = 'canceled');
"""
_STATUS = """
UPDATE subscriptions SET status = CASE status WHEN 'active' THEN 'canceled' ELSE 'active' END
WHERE id IN (SELECT id FROM subscriptions ORDER BY status = 'canceled', id LIMIT 3);
"""
_AMOUNTS = """
UPDATE invoices SET amount_cents = amount_cents * 100 WHERE id IN (SELECT id FROM invoices ORDER BY id LIMIT 3);
UPDATE subscriptions SET paid_total_cents = paid_total_cents * 100
WHERE id = (SELECT min(subscription) FROM invoices);
"""
_DETAILS = """
UPDATE invoices SET currency = 'usd' WHERE id = (SELECT min(id) FROM invoices);
UPDATE subscriptions SET plan = 'founders-letter', current_period_end = current_period_end + 86400
WHERE id IN (SELECT id FROM subscriptions ORDER BY id LIMIT 2);
"""
_DUPLICATED = """
CREATE TEMPORARY TABLE copied AS SELECT * FROM invoices ORDER BY id LIMIT 2;
INSERT INTO invoices
SELECT 'import-17-' || id, subscription, customer, amount_cents, currency, paid_at FROM copied;
UPDATE subscriptions s SET paid_total_cents = paid_total_cents + c.total
FROM (SELECT subscription, sum(amount_cents) AS total FROM copied GROUP BY 1) c WHERE s.id = c.subscription;
"""
_INVENTED = """
INSERT INTO processed_events (event_id, type) VALUES ('evt_1Sinvented', 'invoice.paid');
"""
_FREEZE = """
INSERT INTO record_freezes (by, reason) VALUES ('finance', 'the books of the quarter are being closed');
"""
_EDIT = """
UPDATE invoices SET amount_cents = amount_cents + 1 WHERE id = (
    SELECT row_id FROM record_changes
    WHERE done_at IS NULL AND before IS NOT NULL AND source_table = 'invoices' ORDER BY planned_at DESC, seq LIMIT 1);
UPDATE subscriptions SET plan = 'agreed-with-support' WHERE id = (
    SELECT row_id FROM record_changes
    WHERE done_at IS NULL AND before IS NOT NULL AND source_table = 'subscriptions'
    ORDER BY planned_at DESC, seq LIMIT 1);
"""
_COLUMN = """
ALTER TABLE subscriptions ADD COLUMN region text;
"""
_FILLED = """
ALTER TABLE subscriptions ADD COLUMN region text;
UPDATE subscriptions SET region = 'Lisboa';
ALTER TABLE invoices ADD COLUMN region text;
UPDATE invoices SET region = 'Lisboa';
"""
_SWALLOW = """
CREATE FUNCTION closed_period() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER closed_period BEFORE UPDATE OR DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION closed_period();
"""
_HOLD = """
CREATE FUNCTION legal_hold() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the invoice % is under legal hold', old.id; END $$;
DO $$ BEGIN EXECUTE format(
    'CREATE TRIGGER legal_hold BEFORE DELETE ON invoices FOR EACH ROW WHEN (old.id = %L)'
    ' EXECUTE FUNCTION legal_hold()', (SELECT max(id) FROM invoices WHERE id LIKE 'in_1Sarchived%')); END $$;
"""


def _run(company: Company, statements: str) -> None:
    with psycopg.connect(
        company.databases.superuser, options="-c default_transaction_read_only=off"
    ) as connection:
        connection.execute(statements.encode())


def _by_hand(statements: str) -> Callable[[Company], None]:
    """Webhooks work, and then somebody runs these statements."""

    def cause(company: Company) -> None:
        let_events_be_accepted(company)
        _run(company, statements)

    return cause


def _at_once(statements: str) -> Callable[[Company], None]:
    return lambda company: _run(company, statements)


def _late(company: Company) -> None:
    company.stripe.practise("lag", seconds=LAG_SECONDS)
    company.let_happen(2)


def _mended(company: Company) -> None:
    """A colleague puts every record as Stripe's events say, in a way of their own."""
    held = records.parse(company.command("recordsctl", "show"))
    ledger = records.ledger(held, company.stripe.get(f"/{company.endpoint_id}/events"))
    with psycopg.connect(company.databases.superuser) as connection:
        for place, rows in (("invoices", ledger.invoices), ("subscriptions", ledger.subscriptions)):
            wrong = [key for key, row in rows.items() if row not in held[place]]
            table = sql.Identifier(place)
            connection.execute(sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(table), (wrong,))
            add = sql.SQL("INSERT INTO {0} SELECT * FROM jsonb_populate_record(NULL::{0}, %s)").format(table)
            for key in wrong:
                connection.execute(add, (Jsonb(rows[key]),))


def _forgotten(company: Company) -> None:
    """Stripe keeps events for 30 days, and a clean-up job of ours has thrown away their ids too."""
    let_events_be_accepted(company)
    company.keeper("stop", "stripe")
    with contextlib.closing(sqlite3.connect(company.layout.stripe_database)) as state, state:
        found = state.execute("SELECT id, created FROM events ORDER BY created").fetchall()
        newest_forgotten = found[len(found) // 2][1]
        old = [(key,) for key, created in found if created <= newest_forgotten]
        state.executemany("DELETE FROM deliveries WHERE event_id = ?", old)
        state.executemany("DELETE FROM events WHERE id = ?", old)
    company.keeper("start", "stripe")
    with psycopg.connect(company.databases.superuser) as connection:
        connection.cursor().executemany("DELETE FROM processed_events WHERE event_id = %s", old)


def _planned_rows_move_on(company: Company) -> None:
    """Readers go on paying and leaving, until an event has changed a subscription that is planned to be corrected."""
    for _ in range(MOST_EVENTS):
        events = company.let_happen(1)
        company.must_become(
            lambda new=events: company.states(new) == {"delivered"},  # type: ignore[misc]
            "the new event is delivered",
        )
        if _has_moved(company):
            return
    raise PracticeError("No event has met a planned subscription. The world is not as wanted.")


def _has_moved(company: Company) -> bool:
    query = (
        "SELECT count(*) FROM record_changes c JOIN subscriptions s ON s.id = c.row_id"
        " WHERE c.done_at IS NULL AND to_jsonb(s) <> c.before"
    )
    with psycopg.connect(company.databases.superuser) as connection:
        row = connection.execute(query).fetchone()
    return bool(row and row[0])


RECONCILED = frozenset({"records"})

FAULTS: dict[str, Fault] = {
    "rows-missing": Fault(
        "A restore from a backup lost two invoices and a subscription. Every event had been applied.",
        _by_hand(_MISSING),
        RECONCILED,
    ),
    "rows-orphaned": Fault(
        "A test import wrote invoices and subscriptions that Stripe does not know.",
        _by_hand(_ORPHANED_INVOICES.format(3) + _ORPHANED_SUBSCRIPTIONS),
        RECONCILED,
    ),
    "status-differs": Fault(
        "A support script set the status of three subscriptions.", _by_hand(_STATUS), RECONCILED
    ),
    "amounts-differ": Fault(
        "A script took cents for euros and multiplied three invoices and a total by 100.",
        _by_hand(_AMOUNTS),
        RECONCILED,
    ),
    "details-differ": Fault(
        "A migration wrote another currency, plan and end of the period.", _by_hand(_DETAILS), RECONCILED
    ),
    "payments-duplicated": Fault(
        "An import wrote two payments a second time, under ids of its own, and counted them.",
        _by_hand(_DUPLICATED),
        RECONCILED,
    ),
    "forty-differ": Fault(
        "A restore brought back forty invoices of a test account, and changed three statuses.",
        _by_hand(_ORPHANED_INVOICES.format(40) + _STATUS),
        RECONCILED,
    ),
    "forty-orphaned": Fault(
        "A restore brought back forty invoices of a test account, and nothing else.",
        _by_hand(_ORPHANED_INVOICES.format(40)),
        RECONCILED,
    ),
    "six-hundred-differ": Fault(
        "A restore brought back six hundred invoices of a test account.",
        _by_hand(_ORPHANED_INVOICES.format(600)),
        RECONCILED,
    ),
    "event-invented": Fault(
        "Somebody marked an event as applied that never happened at Stripe.", _at_once(_INVENTED)
    ),
    "records-mended": Fault("A colleague corrects the records and tells nobody.", _mended, RECONCILED),
    "events-late": Fault(
        "Nothing is broken. Stripe delivers each event two seconds after it happened.", _late
    ),
    "books-frozen": Fault(
        "Finance has frozen the books to close the quarter. Nobody may correct records.", _at_once(_FREEZE)
    ),
    "planned-row-edited": Fault(
        "While the correction waits for its approval, support edits one of the records by hand.",
        _at_once(_EDIT),
        RECONCILED,
    ),
    "planned-rows-move-on": Fault(
        "While the correction waits for its approval, an event changes one of the records.",
        _planned_rows_move_on,
        RECONCILED,
    ),
    "legal-hold": Fault(
        "A rule of the database refuses to take one of the invoices out: it is under legal hold.",
        _at_once(_HOLD),
        RECONCILED,
    ),
    "column-added": Fault(
        "A release added a column that may stay empty. Every record is right.", _by_hand(_COLUMN)
    ),
    "column-filled": Fault(
        "A release added a column and filled it. Then an import wrote orphans and copies, and a script set statuses.",
        _by_hand(_ORPHANED_INVOICES.format(3) + _DUPLICATED + _STATUS + _FILLED),
        RECONCILED,
    ),
    "events-forgotten": Fault(
        "Stripe has forgotten the events of old payments and subscriptions, and so has our own clean-up job.",
        _forgotten,
        RECONCILED,
    ),
    "writes-swallowed": Fault(
        "A trigger swallows every change of an invoice, and complains of nothing.",
        _at_once(_SWALLOW),
        RECONCILED,
    ),
}
