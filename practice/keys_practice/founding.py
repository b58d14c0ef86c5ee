"""Founds a company: folder, processes, database, endpoints, and a first hour of ordinary traffic."""

import contextlib
from functools import partial
from pathlib import Path

from keys_practice import build, database, folders, http_client, keeper_client
from keys_practice.company import Company
from keys_practice.endpoints import OUR_EVENTS, THEIR_EVENTS
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout
from keys_practice.lifeline import Lifeline
from keys_practice.ports import port_of, reserve
from keys_practice.processes import wait_until
from keys_practice.stripe_client import Stripe

BASELINE_EVENTS = 20
BASELINE_SECONDS = 3600
READY_SECONDS = 20
SERVICES = ("stripe", "app", "letters")
OURS, THEIRS = "we_1SLarkspurPayments0001", "we_1SLarkspurLetters0002"


def found(parent: Path | None) -> tuple[Company, Lifeline]:
    """Start everything below `parent` (default: the system's temp folder) and deliver the baseline events.

    Raises PracticeError or psycopg.Error; then nothing is left behind.
    """
    folder, lock = folders.make(parent)
    layout = Layout(folder)
    held = [reserve() for _ in range(4)]
    ports = build.Ports(*map(port_of, held))
    lifeline = Lifeline(layout, lock, held)
    try:
        made = build.new_secrets(ports)
        build.write_folders(layout, ports, made)
        lifeline.wait_until_kept()
        # The services come up while initdb works: they open the database only when they are asked something.
        for unit in SERVICES:
            keeper_client.ask(layout, "start", unit)
        found_database(layout, made.databases)
        _await_services(layout, ports)
        _register_endpoints(layout, ports, made)
        company = Company(layout, made.databases, OURS, THEIRS)
        baseline = company.let_happen(BASELINE_EVENTS, BASELINE_SECONDS)
        company.must_become(
            lambda: company.states(baseline) == {"delivered"}, "the first events are delivered"
        )
    except BaseException:
        lifeline.end()
        raise
    return company, lifeline


def found_database(layout: Layout, databases: database.Addresses, schema: Path = database.SCHEMA) -> None:
    """Make the cluster, start the server and create the tables of `schema`. Raises PracticeError in words."""
    if keeper_client.ask(layout, "run", "initdb")["unit"]["exit_code"] != 0:
        raise PracticeError(f"initdb failed: {_last_words(layout, 'postgres.log')}")
    build.password_file(layout).unlink()
    build.write_access_rules(layout)
    keeper_client.ask(layout, "start", "postgres")
    if not wait_until(partial(database.is_up, databases), READY_SECONDS):
        raise PracticeError(f"PostgreSQL did not start: {_last_words(layout, 'postgres.log')}")
    database.create(databases, schema)


def _await_services(layout: Layout, ports: build.Ports) -> None:
    for unit in SERVICES:
        if not wait_until(partial(_answers, getattr(ports, unit)), READY_SECONDS):
            raise PracticeError(f"The service {unit} did not start: {_last_words(layout, f'{unit}.out')}")


def _last_words(layout: Layout, name: str) -> str:
    return (layout.folder / name).read_text("utf-8", "replace")[-800:]


def _answers(port: int) -> bool:
    with contextlib.suppress(Unreachable):
        http_client.call("GET", f"http://127.0.0.1:{port}/healthz", seconds=2)
        return True
    return False


def _register_endpoints(layout: Layout, ports: build.Ports, made: build.Secrets) -> None:
    stripe = Stripe(layout)
    for endpoint_id, port, secret, team, wanted in (
        (OURS, ports.app, made.app_signing, "payments-team", OUR_EVENTS),
        (THEIRS, ports.letters, made.letters_signing, "letters-team", THEIR_EVENTS),
    ):
        stripe.practise(
            "endpoints",
            id=endpoint_id,
            url=f"http://127.0.0.1:{port}/webhooks/stripe",
            secret=secret,
            status="enabled",
            team=team,
            enabled_events=wanted,
        )
