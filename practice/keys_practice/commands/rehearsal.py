"""Trying a release without deploying it: its own code, real events, today's database, and nothing kept."""

import importlib.util
import secrets
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from keys_practice.commands import records
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout, read_env

CONNECT_SECONDS = 3
OPTIONS = "-c statement_timeout=5000 -c lock_timeout=2000"
SHOWN = 200
REFUSED = psycopg.errors.InsufficientPrivilege.__name__

Event = dict[str, Any]
Apply = Callable[[Event, psycopg.Connection], str]


class Migration(NamedTuple):
    """A column that a release adds, and what the older rows hold in it (`-`: nothing)."""

    table: str
    column: str
    older: str


def of(layout: Layout, release: str, events: list[Event]) -> dict[str, Any]:
    """How the release does on the newest event of each type. Raises Unreachable when the database does not answer.

    `refused` counts the types for which the database refused a right.
    """
    code = layout.releases / release / "handler.py"
    if not code.is_file():
        return _found(release, 0, ["it is not there any more"], exists=False)
    wanted = _newest_of_each_type(events)
    with _connect(layout) as connection:
        apply = _load(release, str(code))
        tried = {event["type"]: _try(apply, _with_new_ids(event), connection) for event in wanted}
    problems = [f"{name}: {problem}" for name, problem in tried.items() if problem]
    return _found(release, len(wanted), problems, exists=True)


def migrations(layout: Layout, release: str) -> set[Migration]:
    """The changes of the database that a release needs. Raises PracticeError for a release that is not there."""
    folder = layout.releases / release
    if not folder.is_dir():
        raise PracticeError(f"There is no release {release}.")
    path = folder / "migrations"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return {Migration(*line.split()) for line in lines}


def rows_with(layout: Layout, changes: Iterable[Migration]) -> int:
    """How many rows hold more in these columns than the rows from before the change."""
    with _connect(layout) as connection:
        return sum(_count(connection, each) for each in changes)


def applied_events(layout: Layout) -> set[str]:
    """The ids of the events that the database holds, whether the service runs or not."""
    with _connect(layout) as connection:
        return {row[0] for row in connection.execute("SELECT event_id FROM processed_events")}


def _connect(layout: Layout) -> psycopg.Connection:
    try:
        return psycopg.connect(
            read_env(layout.env_file)["DATABASE_URL"], connect_timeout=CONNECT_SECONDS, options=OPTIONS
        )
    except (psycopg.OperationalError, KeyError) as problem:
        raise Unreachable(f"The database does not answer: {_first_line(problem)}") from problem


def _load(release: str, path: str) -> Apply:
    spec = importlib.util.spec_from_file_location(f"rehearsed_{release}", path)
    if spec is None or spec.loader is None:
        raise PracticeError(f"The code of {release} can't be loaded.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    apply: Apply = module.apply
    return apply


def _newest_of_each_type(events: list[Event]) -> list[Event]:
    """A test event is about nothing, so no release can do anything with it."""
    real = [event for event in events if "data" in event]
    newest = {event["type"]: event for event in sorted(real, key=lambda each: int(each["created"]))}
    return [newest[name] for name in sorted(newest)]


def _with_new_ids(event: Event) -> Event:
    """The same event as one that never came, about things that never were: so what it must come to is known."""
    mark = f"rehearsal_{secrets.token_hex(8)}"
    thing = event["data"]["object"]
    if thing["object"] == "invoice":
        fresh = {**thing, "id": f"in_{mark}", "parent": {"subscription_details": {"subscription": mark}}}
    else:
        fresh = {**thing, "id": mark}
    return {**event, "id": f"evt_{mark}", "data": {**event["data"], "object": fresh}}


def _try(apply: Apply, event: Event, connection: psycopg.Connection) -> str:
    """What went wrong, or nothing. Whatever was written is taken back.

    The event comes twice, as Stripe may send it: the second time must change nothing.
    """
    try:
        outcomes = [apply(event, connection), apply(event, connection)]
        wrong = records.differing(_written(connection, event), [event])
    except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction) as problem:
        raise Unreachable(f"The database does not take this now: {_first_line(problem)}") from problem
    except Exception as problem:  # noqa: BLE001 - whatever a release does wrong is what we want to know
        return f"{type(problem).__name__}: {_first_line(problem)}"
    finally:
        connection.rollback()
    if outcomes[0] != "applied":
        return f"it answers {outcomes[0]!r} and applies nothing"
    return "the records are not what the event says" if wrong else ""


def _written(connection: psycopg.Connection, event: Event) -> dict[str, Any]:
    """What the event has come to inside the transaction, in the shape of `appctl records`."""
    thing = event["data"]["object"]
    is_payment = thing["object"] == "invoice"
    owner = thing["parent"]["subscription_details"]["subscription"] if is_payment else thing["id"]
    invoices = connection.execute("SELECT to_jsonb(i) FROM invoices i WHERE subscription = %s", (owner,))
    held = connection.execute("SELECT to_jsonb(s) FROM subscriptions s WHERE id = %s", (owner,))
    return {
        "events": [event["id"]],
        "invoices": [row[0] for row in invoices.fetchall()],
        "subscriptions": [row[0] for row in held.fetchall()],
    }


def _count(connection: psycopg.Connection, change: Migration) -> int:
    column = sql.Identifier(change.column)
    query = sql.SQL("SELECT count(*) FROM {} WHERE {} IS NOT NULL AND {} <> %s").format(
        sql.Identifier(change.table), column, column
    )
    row = connection.execute(query, (change.older,)).fetchone()
    return int(row[0]) if row else 0


def _found(release: str, tried: int, problems: list[str], *, exists: bool) -> dict[str, Any]:
    return {
        "release": release,
        "exists": exists,
        "works": exists and tried > 0 and not problems,
        "tried": tried,
        "failed": len(problems) if exists else 0,
        "refused": sum(f": {REFUSED}: " in each for each in problems),
        "problems": [each[:SHOWN] for each in problems],
    }


def _first_line(problem: Exception) -> str:
    return (str(problem).strip() or type(problem).__name__).splitlines()[0]
