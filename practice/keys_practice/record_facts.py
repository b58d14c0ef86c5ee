"""Whether anybody lost a record: what was there once is there still, or in the archive, or its change is written down.

For the oracle alone. It reads the database and Stripe's file past every command.
"""

import json
from typing import Any, NamedTuple

import psycopg

from keys_practice import stripe_state
from keys_practice.company import Company
from keys_practice.endpoints import OUR_EVENTS

_RECORDS = (
    "SELECT 'invoices', id, to_jsonb(i) FROM invoices i UNION ALL SELECT 'subscriptions', id, to_jsonb(s)"
    " FROM subscriptions s"
)
_ARCHIVE = "SELECT run, source_table, row_id, record FROM records_archive WHERE restored_at IS NULL"
_CHANGES = (
    "SELECT run, source_table, row_id, before, after IS NULL FROM record_changes"
    " WHERE done_at IS NOT NULL AND undone_at IS NULL"
)

Key = tuple[str, str]


class Records(NamedTuple):
    """Every record of one moment as canonical JSON, by table and id; the events applied and the runs made by then."""

    rows: dict[Key, str]
    applied: frozenset[str]
    runs: frozenset[str]


NO_RECORDS = Records({}, frozenset(), frozenset())


def take(company: Company) -> Records | None:
    """Look at the records; None when the database can't be read."""
    try:
        with psycopg.connect(company.databases.superuser, connect_timeout=3) as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            applied = connection.execute("SELECT event_id FROM processed_events").fetchall()
            runs = connection.execute("SELECT DISTINCT run FROM record_changes").fetchall()
            rows = {(table, key): _text(row) for table, key, row in connection.execute(_RECORDS).fetchall()}
            return Records(rows, _set(applied), _set(runs))
    except psycopg.OperationalError:
        return None


def with_later_break(first: Records, before: Records, after: Records) -> Records:
    """`first` with the records that differ between the two others as they were after the later break."""
    rows = dict(first.rows)
    for key in before.rows.keys() | after.rows.keys():
        if before.rows.get(key) == after.rows.get(key):
            continue
        if key in after.rows:
            rows[key] = after.rows[key]
        elif after.rows:
            rows.pop(key, None)
    return Records(rows, first.applied, first.runs)


def losses(company: Company, before: Records) -> list[str]:
    """Records that are gone or other than they were, and nobody can say any more what they were.

    What an event changed that was applied since is passed over: Stripe can say it.
    """
    now = take(company)
    if now is None:
        return []
    with psycopg.connect(company.databases.superuser, connect_timeout=3) as connection:
        archived = connection.execute(_ARCHIVE).fetchall()
        done = connection.execute(_CHANGES).fetchall()
    # What an earlier run kept says nothing about what was done since.
    archive = {(table, key): _text(row) for run, table, key, row in archived if run not in before.runs}
    changes = [each for run, *each in done if run not in before.runs]
    kept = {(table, key): _text(was) for table, key, was, _ in changes if was is not None}
    touched = _touched(company, now.applied - before.applied)
    return [
        *(
            f"{_words(key)} was deleted and is in no archive."
            for key in sorted(_deleted(before, now, archive))
        ),
        *(
            f"{_words(key)} was changed, and what it was is written nowhere."
            for key in sorted(before.rows.keys() & now.rows.keys())
            if now.rows[key] != before.rows[key]
            and key[1] not in touched
            and kept.get(key) != before.rows[key]
        ),
        *(
            f"{_words((table, key))} was taken out, and the archive does not hold it as it was."
            for table, key, was, is_archived in changes
            if is_archived and archive.get((table, key)) != _text(was)
        ),
    ]


def _deleted(before: Records, now: Records, archive: dict[Key, str]) -> set[Key]:
    return {key for key in before.rows.keys() - now.rows.keys() if archive.get(key) != before.rows[key]}


def _touched(company: Company, events: frozenset[str]) -> set[str]:
    """The ids of records that these events are about."""
    things = [
        each["data"]["object"]
        for each in stripe_state.events_of(company.layout, OUR_EVENTS)
        if each["id"] in events
    ]
    owners = {
        each["parent"]["subscription_details"]["subscription"]
        for each in things
        if each["object"] == "invoice"
    }
    return {each["id"] for each in things} | owners


def _set(rows: list[tuple[Any, ...]]) -> frozenset[str]:
    return frozenset(each for (each,) in rows)


def _text(record: Any) -> str:
    return json.dumps(record, sort_keys=True)


def _words(key: Key) -> str:
    return f"record {key[1]} of {key[0]}"
