"""The independent judge: is the company well, and was anything touched without need?

It looks at the world itself (Stripe's file, the database, settings on disk, the process table), works out on its own
what the events must have come to, and never asks a command of the company.
"""

import time
from typing import Any

import psycopg

from keys_practice import http_client, keeper_client, snapshot, stripe_state
from keys_practice.company import Company
from keys_practice.endpoints import OUR_EVENTS
from keys_practice.errors import Unreachable
from keys_practice.layout import read_env
from keys_practice.processes import is_alive, is_frozen
from keys_practice.releases import GOOD
from keys_practice.snapshot import SECRET, Snapshot
from keys_practice.verdict import Verdict

POLL_SECONDS = 0.1
NAMED = 3  # how many ids a problem lists

Rows = dict[str, tuple[Any, ...]]


def judge(company: Company, before: Snapshot, allowed: frozenset[str], settle_seconds: float) -> Verdict:
    """Look at the world.

    When nothing stands in the way of events, a fresh one is made to happen and must be applied too; deliveries that
    are on their way get `settle_seconds` to arrive.
    """
    changes = snapshot.changes(company, before)
    standing = _standing_problems(company)
    if standing:
        problems = standing + _event_problems(company)
    else:
        company.let_happen(1)
        problems = _settled_problems(company, settle_seconds)
    return Verdict(
        problems,
        changed=[change.words for change in changes if change.kind not in allowed],
        recovered=[change.words for change in changes if change.kind in allowed],
    )


def _settled_problems(company: Company, settle_seconds: float) -> list[str]:
    deadline = time.monotonic() + settle_seconds
    while (problems := _event_problems(company)) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return problems


def _standing_problems(company: Company) -> list[str]:
    """What keeps events from being applied, whatever one waits."""
    return [
        *_process_problems(company),
        *_release_problems(company),
        *_stripe_problems(company),
        *_database_problems(company),
    ]


def _process_problems(company: Company) -> list[str]:
    units = keeper_client.ask(company.layout, "status")["units"]
    return [
        f"The process of {name} does not run: it is {_standing(units[name])}."
        for name in ("app", "letters", "stripe", "postgres")
        if _standing(units[name]) != "running"
    ]


def _standing(unit: dict[str, Any]) -> str:
    """How the process stands, by the process table and not by what the keeper believes."""
    pid = unit["pid"]
    if pid is None or not is_alive(pid):
        return "dead" if unit["state"] == "running" else str(unit["state"])
    return "frozen" if is_frozen(pid) else "running"


def _release_problems(company: Company) -> list[str]:
    current = company.layout.current.readlink().name
    problems = [] if current in GOOD else [f"The release {current} is bad."]
    loaded = _loaded_release(company)
    if loaded and loaded != current:
        problems.append(f"The service runs {loaded}, and current leads to {current}.")
    return problems


def _loaded_release(company: Company) -> str | None:
    try:
        answer = http_client.call("GET", f"{company.layout.facts()['app_url']}/healthz", seconds=5).json()
    except Unreachable:
        return None  # that is a problem of the process, or shows in the events
    return str(answer["release"]) if isinstance(answer, dict) and "release" in answer else None


def _stripe_problems(company: Company) -> list[str]:
    secret = read_env(company.layout.env_file).get(SECRET)
    problems = []
    for endpoint in stripe_state.endpoints(company.layout):
        if endpoint["status"] != "enabled":
            problems.append(f"Stripe has disabled the endpoint {endpoint['id']}.")
        if endpoint["id"] == company.endpoint_id and endpoint["secret"] != secret:
            problems.append("The service's signing secret is not Stripe's.")
    return problems


def _database_problems(company: Company) -> list[str]:
    """Try a write as the service would, and take it back."""
    try:
        with psycopg.connect(
            read_env(company.layout.env_file)["DATABASE_URL"], connect_timeout=3
        ) as connection:
            connection.execute("INSERT INTO write_checks VALUES (now())")
            connection.rollback()
    except psycopg.Error as problem:
        return [f"The service cannot write to the database: {str(problem).strip().splitlines()[0]}."]
    except KeyError:
        return ["app.env has no DATABASE_URL."]
    return []


def _event_problems(company: Company) -> list[str]:
    """Compare what the events must have come to with what the database holds."""
    try:
        with psycopg.connect(company.databases.superuser, connect_timeout=3) as connection:
            # The database first: an event that happens in between is then missing in neither.
            found = _found(connection)
    except psycopg.Error as problem:
        return [f"The database cannot be read: {str(problem).strip().splitlines()[0]}."]
    expected = _expected(stripe_state.events_of(company.layout, OUR_EVENTS))
    return [words for table in expected for words in _differences(table, expected[table], found[table])]


def _found(connection: psycopg.Connection) -> dict[str, Rows]:
    queries = {
        "processed_events": "SELECT event_id, type FROM processed_events",
        "subscriptions": (
            "SELECT id, customer, status, plan, current_period_end, paid_total_cents, as_of FROM subscriptions"
        ),
        "invoices": "SELECT id, subscription, customer, amount_cents, currency, paid_at FROM invoices",
    }
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return {
        table: {str(key): tuple(row) for key, *row in connection.execute(query)}
        for table, query in queries.items()
    }


def _expected(events: list[dict[str, Any]]) -> dict[str, Rows]:
    """The rows that follow from the events, worked out without the service's code."""
    expected: dict[str, Rows] = {"processed_events": {}, "subscriptions": {}, "invoices": {}}
    paid: dict[str, int] = {}
    newest: dict[str, dict[str, Any]] = {}
    for event in events:
        thing = event["data"]["object"]
        expected["processed_events"][event["id"]] = (event["type"],)
        if thing["object"] == "subscription":
            newest[thing["id"]] = event
            continue
        subscription = thing["parent"]["subscription_details"]["subscription"]
        paid[subscription] = paid.get(subscription, 0) + thing["amount_paid"]
        row = (subscription, thing["customer"], thing["amount_paid"], thing["currency"], event["created"])
        expected["invoices"][thing["id"]] = row
    for key, event in newest.items():
        expected["subscriptions"][key] = _subscription_row(event, paid.get(key, 0))
    return expected


def _subscription_row(event: dict[str, Any], paid: int) -> tuple[Any, ...]:
    thing = event["data"]["object"]
    (item,) = thing["items"]["data"]
    plan, period_end = item["price"]["lookup_key"], item["current_period_end"]
    return thing["customer"], thing["status"], plan, period_end, paid, event["created"]


def _differences(table: str, expected: Rows, found: Rows) -> list[str]:
    missing = expected.keys() - found.keys()
    extra = found.keys() - expected.keys()
    wrong = {key for key in expected.keys() & found.keys() if expected[key] != found[key]}
    kinds = ((missing, "missing"), (extra, "there without an event"), (wrong, "wrong"))
    return [f"Rows of {table} that are {what}: {len(keys)} ({_some(keys)})." for keys, what in kinds if keys]


def _some(keys: set[str]) -> str:
    return ", ".join(sorted(keys)[:NAMED]) + (", …" if len(keys) > NAMED else "")
