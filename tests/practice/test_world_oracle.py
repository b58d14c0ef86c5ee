"""The oracle sees what was done to the world behind the commands' back."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from keys_practice.company import Company
from keys_practice.processes import wait_until
from keys_practice.world import World


def sql(*statements: str) -> Callable[[Company], None]:
    """A tampering in the database as its superuser."""

    def tamper(company: Company) -> None:
        with psycopg.connect(company.databases.superuser, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    return tamper


def post(path: str, **fields: object) -> Callable[[Company], None]:
    """A tampering at Stripe; OURS and THEIRS stand for the endpoints."""

    def tamper(company: Company) -> None:
        real = path.replace("OURS", company.endpoint_id).replace("THEIRS", company.other_endpoint_id)
        company.stripe.post(real, **fields)

    return tamper


def write_env(old: str, new: str) -> Callable[[Company], None]:
    """A tampering in app.env."""

    def tamper(company: Company) -> None:
        path = company.layout.env_file
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")

    return tamper


FIRST = "(SELECT min(event_id) FROM processed_events)"
UNHEALTHY = {
    "an applied event forgotten": (
        sql(
            f"CREATE TABLE kept AS SELECT * FROM processed_events WHERE event_id = {FIRST}",
            f"DELETE FROM processed_events WHERE event_id = {FIRST}",
        ),
        sql("INSERT INTO processed_events SELECT * FROM kept", "DROP TABLE kept"),
        "processed_events that are missing: 1",
    ),
    "an event applied that never happened": (
        sql("INSERT INTO processed_events VALUES ('evt_invented', 'invoice.paid')"),
        sql("DELETE FROM processed_events WHERE event_id = 'evt_invented'"),
        "processed_events that are there without an event: 1 (evt_invented)",
    ),
    "a payment counted twice": (
        sql("UPDATE subscriptions SET paid_total_cents = paid_total_cents + 500"),
        # A subscription that began while the oracle looked has nothing to give back.
        sql(
            "UPDATE subscriptions SET paid_total_cents = paid_total_cents - 500 WHERE paid_total_cents >= 500"
        ),
        "subscriptions that are wrong",
    ),
    "a status set by hand": (
        sql("UPDATE subscriptions SET status = status || '!'"),
        sql("UPDATE subscriptions SET status = rtrim(status, '!')"),
        "subscriptions that are wrong",
    ),
    "an invoice in another currency": (
        sql("UPDATE invoices SET currency = 'usd'"),
        sql("UPDATE invoices SET currency = 'eur'"),
        "invoices that are wrong",
    ),
    "the other team's endpoint disabled": (
        post("/THEIRS", disabled=True),
        post("/THEIRS", disabled=False),
        "Stripe has disabled the endpoint we_1SLarkspurLetters0002",
    ),
    "the service's right to write taken": (
        sql("REVOKE INSERT ON processed_events FROM larkspur_app"),
        sql("GRANT INSERT ON processed_events TO larkspur_app"),
        "processed_events that are missing: 1",
    ),
    "the link moved and nothing restarted": (
        lambda company: point(company, "r40"),
        lambda company: point(company, "r41"),
        "The service runs r41, and current leads to r40",
    ),
}
CHANGED = {
    "a setting": (
        write_env("hello@", "bye@"),
        write_env("bye@", "hello@"),
        "SENDER_ADDRESS in app.env",
    ),
    "a letter": (
        sql("UPDATE letters SET title = title || '!'"),
        sql("UPDATE letters SET title = rtrim(title, '!')"),
        "the rows of letters",
    ),
    "a new table": (sql("CREATE TABLE extra (id int)"), sql("DROP TABLE extra"), "the tables and columns"),
    "a right": (
        sql("GRANT DELETE ON invoices TO larkspur_app"),
        sql("REVOKE DELETE ON invoices FROM larkspur_app"),
        "the rights on tables",
    ),
    "a role": (sql("CREATE ROLE extra"), sql("DROP ROLE extra"), "the roles"),
    "a setting of the database": (
        sql("ALTER DATABASE larkspur SET work_mem = '9MB'"),
        sql("ALTER DATABASE larkspur RESET work_mem"),
        "work_mem for larkspur every role",
    ),
    "a setting of the server": (
        sql("ALTER SYSTEM SET work_mem = '9MB'"),
        sql("ALTER SYSTEM RESET work_mem"),
        "postgresql.auto.conf",
    ),
    "a file beside the settings": (
        lambda company: (company.layout.app / "dump.sql").touch(),
        lambda company: (company.layout.app / "dump.sql").unlink(),
        "the names in app/",
    ),
    "the code of a release": (
        lambda company: edit(company, "\n# edited\n"),
        lambda company: edit(company, ""),
        "r40/handler.py",
    ),
}


def point(company: Company, release: str) -> None:
    """Make `current` lead elsewhere."""
    company.layout.current.unlink()
    company.layout.current.symlink_to(company.layout.releases / release)


def edit(company: Company, tail: str) -> None:
    """Give r40's code another end."""
    path = company.layout.releases / "r40" / "handler.py"
    path.write_text(path.read_text("utf-8").removesuffix("\n# edited\n") + tail, "utf-8")


@contextmanager
def tampered(
    world: World, do: Callable[[Company], object], undo: Callable[[Company], object]
) -> Iterator[None]:
    """The shared world with something done to it, and as before afterwards."""
    before = world.judge()
    assert (before.problems, before.changed) == ([], [])
    do(world.company)
    try:
        yield
    finally:
        undo(world.company)
        world.company.stripe.post(f"/{world.company.endpoint_id}/resend", events=undelivered(world))


def undelivered(world: World) -> list[str]:
    """The ids that our endpoint has not accepted."""
    deliveries = world.company.stripe.get(f"/{world.company.endpoint_id}/deliveries")
    return [each["id"] for each in deliveries if each["state"] != "delivered"]


@pytest.mark.parametrize("what", UNHEALTHY)
def test_the_oracle_sees_what_is_wrong(world: World, what: str) -> None:
    """A single wrong row, right or state makes the company unhealthy, and the problem names it."""
    do, undo, words = UNHEALTHY[what]
    with tampered(world, do, undo):
        problems = world.judge(settle_seconds=0.3).problems
        assert any(words in problem for problem in problems), problems


@pytest.mark.parametrize("what", CHANGED)
def test_the_oracle_sees_what_was_touched(world: World, what: str) -> None:
    """A change that harms no event leaves the company healthy and is named."""
    do, undo, words = CHANGED[what]
    with tampered(world, do, undo):
        verdict = world.judge()
        assert verdict.is_healthy
        assert any(words in change for change in verdict.changed), verdict.changed


def test_a_dead_neighbour_and_a_second_roll_and_a_cut_log_are_seen(fresh_world: World) -> None:
    """What cannot be undone in the shared world is tried in one of its own."""
    company = fresh_world.company
    os.kill(company.unit("letters")["pid"], signal.SIGKILL)
    assert wait_until(lambda: company.unit("letters")["state"] == "crashed", 5)
    company.stripe.post(f"/{company.endpoint_id}/roll_secret")
    company.layout.webhook_log.write_text("", "utf-8")
    verdict = fresh_world.judge(settle_seconds=0)
    assert "The process of letters does not run: it is crashed." in verdict.problems
    told = " ".join(verdict.changed)
    for words in (
        "the process of letters",
        "we_1SLarkspurPayments0001: secret",
        "the log before the incident",
    ):
        assert words in told
