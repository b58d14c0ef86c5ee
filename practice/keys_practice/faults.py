"""The ways in which Larkspur Letters can really break. Each is caused as it would be in life."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from keys_practice import database
from keys_practice.company import Company

EVENTS_WHILE_BROKEN = 5


@dataclass(frozen=True)
class Fault:
    """One way to break the company.

    `allowed_changes` are the kinds of change (see snapshot.py) that a right recovery may make; everything else that
    differs afterwards was touched without need. `cause` returns when the symptom can be seen.
    """

    description: str
    cause: Callable[[Company], None]
    allowed_changes: frozenset[str] = frozenset()


def _wrong_signing_secret(company: Company) -> None:
    company.stripe.post(f"/{company.endpoint_id}/roll_secret")
    _events_end_as(company, "failed")


def _bad_release(company: Company) -> None:
    company.command("deployctl", "deploy", "r42", "--by", "growth-team")
    _events_end_as(company, "failed")


def _service_not_running(company: Company) -> None:
    os.kill(company.unit("app")["pid"], signal.SIGKILL)
    company.must_become(lambda: company.unit("app")["state"] == "crashed", "the killed service is noticed")
    _events_end_as(company, "failed")


def _endpoint_disabled(company: Company) -> None:
    company.keeper("stop", "app")
    _events_end_as(company, "failed")
    company.let_days_pass()
    company.let_happen(EVENTS_WHILE_BROKEN)
    company.command("appctl", "start")


def _database_refuses_writes(company: Company) -> None:
    with psycopg.connect(company.databases.admin, autocommit=True) as connection:
        statement = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on")
        connection.execute(statement.format(sql.Identifier(database.NAME)))
    _events_end_as(company, "failed")


def _handler_drops_events(company: Company) -> None:
    company.command("deployctl", "deploy", "r43", "--by", "growth-team")
    _events_end_as(company, "delivered")


def _nothing_broken(company: Company) -> None:
    _events_end_as(company, "delivered")


def _deployment_running(company: Company) -> None:
    before = company.unit("app")["pid"]
    company.keeper("start", "deployment")
    company.must_become(
        lambda: company.unit("app")["pid"] not in (before, None) and company.is_listening(),
        "the service answers again while the deployment goes on",
    )
    _events_end_as(company, "delivered")


def _database_down(company: Company) -> None:
    company.keeper("stop", "postgres")
    _events_end_as(company, "failed")

    def others_fail() -> bool:
        return "failed" in company.states(company.let_happen(2), company.other_endpoint_id)

    company.must_become(others_fail, "the other team's endpoint fails too")


def _events_end_as(company: Company, state: str) -> None:
    """Let events happen and wait until the delivery of each has come to this."""
    events = company.let_happen(EVENTS_WHILE_BROKEN)
    company.must_become(lambda: company.states(events) == {state}, f"new events become {state}")


FAULTS: dict[str, Fault] = {
    "wrong-signing-secret": Fault(
        "Someone rolled the signing secret at Stripe. The service still verifies with the old one and answers 400.",
        _wrong_signing_secret,
        frozenset({"secret", "restart"}),
    ),
    "bad-release": Fault(
        "The growth team deployed r42. Its handler crashes on every real event; the service answers 500.",
        _bad_release,
        frozenset({"release", "restart"}),
    ),
    "service-not-running": Fault(
        "The kernel killed the service for want of memory. It stays down and nothing listens.",
        _service_not_running,
        frozenset({"restart"}),
    ),
    "endpoint-disabled": Fault(
        "The service was down for three days. It is back, but Stripe disabled the endpoint and sends nothing.",
        _endpoint_disabled,
        frozenset({"endpoint-status", "restart"}),
    ),
    "database-refuses-writes": Fault(
        "A maintenance script left the database read-only by default. The service answers 503.",
        _database_refuses_writes,
        frozenset({"database-setting", "restart"}),
    ),
    "handler-drops-events": Fault(
        "The growth team deployed r43. It answers 200 and drops every event.",
        _handler_drops_events,
        frozenset({"release", "restart"}),
    ),
    "nothing-broken": Fault("Nothing is broken. A right run changes nothing.", _nothing_broken),
    "deployment-running": Fault(
        "Nothing is broken, but the growth team is in the middle of a deployment.", _deployment_running
    ),
    "database-down": Fault(
        "The database server is down. Every service that uses it fails, the letters team's too.",
        _database_down,
    ),
}
