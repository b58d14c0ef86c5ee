"""The independent oracle: is the company well, and what was touched? It looks at the world itself.

It asks the database, Stripe's state, the files and the process table; never a runbook, nor what a command reported.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from keys_practice.company import Company
from keys_practice.layout import read_env
from keys_practice.processes import wait_until
from keys_practice.releases import GOOD
from keys_practice.releases.handler import HANDLED

SECRET = "STRIPE_WEBHOOK_SECRET"


@dataclass(frozen=True)
class Verdict:
    """What the oracle found. `changed` are the kinds of change since the break, `unwanted` those not allowed."""

    is_healthy: bool
    problems: list[str]
    changed: list[str] = field(default_factory=list)
    unwanted: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Snapshot:
    """Facts by kind of change; a kind whose fact differs was changed."""

    facts: dict[str, str]


def look(company: Company) -> Snapshot:
    """What the world is like now, as digests by kind."""
    layout = company.layout
    settings = read_env(layout.env_file)
    ours, others = _endpoints(company)
    return Snapshot(
        {
            "secret": settings.pop(SECRET, ""),
            "other-settings": json.dumps(settings, sort_keys=True),
            "letters-settings": layout.letters_env.read_text("utf-8"),
            "release": str(layout.current.readlink().name),
            "release-code": _digest(path.read_bytes() for path in sorted(layout.releases.rglob("*.py"))),
            "endpoint-status": str(ours["status"]),
            "stripe-secret": str(ours["secret"]),
            "other-endpoint": json.dumps({k: others[k] for k in ("status", "secret", "url")}, sort_keys=True),
            "restart": json.dumps([company.unit("app")["pid"], company.unit("app")["since"]]),
            "letters-service": json.dumps(company.unit("letters")["pid"]),
            "database-server": json.dumps(company.unit("postgres")["pid"]),
            **_database_facts(company),
        }
    )


def judge(company: Company, before: Snapshot, allowed: Iterable[str], settle_seconds: float) -> Verdict:
    """Whether every event is applied exactly once and the pipeline works, and what was changed since `before`."""
    changed = _changed(before, look(company))
    unwanted = sorted(set(changed) - set(allowed))
    problems: list[str] = []

    def is_well() -> bool:
        problems[:] = _problems(company)
        return not problems

    if wait_until(is_well, settle_seconds, pause=0.1):
        problems[:] = _try_pipeline(company)
    return Verdict(not problems, list(problems), changed, unwanted)


def _changed(before: Snapshot, now: Snapshot) -> list[str]:
    return sorted(kind for kind, fact in now.facts.items() if before.facts.get(kind) != fact)


def _problems(company: Company) -> list[str]:
    ours, _ = _endpoints(company)
    release = company.layout.current.readlink().name
    settings = read_env(company.layout.env_file)
    found = [
        (company.unit("app")["state"] != "running", "the webhook service is not running"),
        (company.unit("postgres")["state"] != "running", "the database server is not running"),
        (release not in GOOD, f"release {release} is a bad one"),
        (ours["status"] != "enabled", "the endpoint is disabled at Stripe"),
        (settings.get(SECRET) != ours["secret"], "the service and Stripe hold different secrets"),
    ]
    return [words for is_wrong, words in found if is_wrong] + _data_problems(company)


def _data_problems(company: Company) -> list[str]:
    events = _our_events(company)
    try:
        with psycopg.connect(company.databases.app, connect_timeout=3) as connection:
            setting = connection.execute("SHOW default_transaction_read_only").fetchone()
            applied = connection.execute("SELECT event_id FROM processed_events").fetchall()
            invoices = connection.execute("SELECT id, amount_cents FROM invoices").fetchall()
            subscriptions = connection.execute(
                "SELECT id, status, plan, paid_total_cents FROM subscriptions"
            ).fetchall()
    except psycopg.Error as problem:
        return [f"the database can't be read: {str(problem).splitlines()[0]}"]
    problems = ["the database refuses writes"] if setting == ("on",) else []
    problems += _differences("events applied", {e["id"] for e in events}, {row[0] for row in applied})
    problems += _differences("invoices", _expected_invoices(events), set(invoices))
    problems += _differences("subscriptions", _expected_subscriptions(events), set(subscriptions))
    return problems


def _differences(what: str, expected: set[Any], found: set[Any]) -> list[str]:
    missing, surplus = len(expected - found), len(found - expected)
    words = [f"{what}: {missing} missing"] if missing else []
    return words + ([f"{what}: {surplus} that Stripe knows nothing of"] if surplus else [])


def _expected_invoices(events: list[dict[str, Any]]) -> set[tuple[str, int]]:
    objects = (event["data"]["object"] for event in events if event["type"] == "invoice.paid")
    return {(each["id"], each["amount_paid"]) for each in objects}


def _expected_subscriptions(events: list[dict[str, Any]]) -> set[tuple[str, str, str | None, int]]:
    """The newest event about each subscription counts; what was paid adds up."""
    newest: dict[str, tuple[int, str, str | None]] = {}
    paid: dict[str, int] = {}
    for event in events:
        thing = event["data"]["object"]
        if event["type"] == "invoice.paid":
            name = thing["parent"]["subscription_details"]["subscription"]
            paid[name] = paid.get(name, 0) + thing["amount_paid"]
        elif event["created"] > newest.get(thing["id"], (0, "", None))[0]:
            plan = thing["items"]["data"][0]["price"]["lookup_key"]
            newest[thing["id"]] = (event["created"], thing["status"], plan)
    names = newest.keys() | paid.keys()
    waiting = (0, "incomplete", None)
    return {(name, *newest.get(name, waiting)[1:], paid.get(name, 0)) for name in names}


def _try_pipeline(company: Company) -> list[str]:
    """Let one more real event happen and see it applied."""
    fresh = company.let_happen(1)
    is_applied = wait_until(lambda: set(fresh) <= _applied(company), 5, pause=0.05)
    return [] if is_applied else ["a new event at Stripe is not applied within 5 s"]


def _applied(company: Company) -> set[str]:
    with psycopg.connect(company.databases.app, connect_timeout=3) as connection:
        return {row[0] for row in connection.execute("SELECT event_id FROM processed_events")}


def _our_events(company: Company) -> list[dict[str, Any]]:
    with sqlite3.connect(f"file:{company.layout.stripe_database}?mode=ro", uri=True) as stripe:
        rows = stripe.execute("SELECT body FROM events ORDER BY seq").fetchall()
    stripe.close()
    events = [json.loads(body) for (body,) in rows]
    return [event for event in events if event["type"] in HANDLED]


def _endpoints(company: Company) -> tuple[dict[str, Any], dict[str, Any]]:
    with sqlite3.connect(f"file:{company.layout.stripe_database}?mode=ro", uri=True) as stripe:
        rows = stripe.execute("SELECT id, status, secret, url FROM endpoints").fetchall()
    stripe.close()
    by_id = {row[0]: dict(zip(("id", "status", "secret", "url"), row, strict=True)) for row in rows}
    return by_id[company.endpoint_id], by_id[company.other_endpoint_id]


def _database_facts(company: Company) -> dict[str, str]:
    try:
        with psycopg.connect(company.databases.reader, connect_timeout=3) as connection:
            setting = connection.execute("SHOW default_transaction_read_only").fetchone()
            letters = connection.execute("SELECT * FROM letters ORDER BY id").fetchall()
            export = connection.execute("SELECT * FROM subscribers_export ORDER BY customer").fetchall()
    except psycopg.Error:
        return {"database-setting": "not to be read", "other-tables": "not to be read"}
    return {"database-setting": str(setting), "other-tables": str((letters, export))}


def _digest(contents: Iterable[bytes]) -> str:
    return hashlib.sha256(b"\0".join(contents)).hexdigest()
