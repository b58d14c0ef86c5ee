"""Founds a company: folder, processes, database, endpoints, and a first hour of ordinary traffic."""

import contextlib
from functools import partial
from pathlib import Path

import psycopg

from keys_practice import build, database, folders, http_client, keeper_client
from keys_practice.company import Company
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout
from keys_practice.lifeline import Lifeline
from keys_practice.ports import port_of, reserve
from keys_practice.postgres import SUPERUSER
from keys_practice.processes import wait_until
from keys_practice.stripe_client import Stripe

BASELINE_EVENTS = 20
BASELINE_SECONDS = 3600
READY_SECONDS = 20
OURS, THEIRS = "we_1SLarkspurPayments0001", "we_1SLarkspurLetters0002"
THEIR_EVENTS = ["customer.subscription.created", "customer.subscription.deleted"]
OUR_EVENTS = [*THEIR_EVENTS, "customer.subscription.updated", "invoice.paid"]


def found(parent: Path | None) -> tuple[Company, Lifeline]:
    """Start everything below `parent` (default: the system's temp folder) and deliver the baseline events.

    Raises PracticeError or psycopg.Error; then nothing is left behind.
    """
    folder, lock = folders.make(parent)
    layout = Layout(folder)
    held = [reserve() for _ in range(4)]
    ports, made = build.Ports(*map(port_of, held)), build.new_secrets()
    lifeline = Lifeline(layout, lock, held)
    try:
        build.write_folders(layout, ports, made)
        lifeline.wait_until_kept()
        databases = _found_database(layout, ports, made)
        build.write_settings(layout, ports, made, databases)
        _start_services(layout, ports)
        _register_endpoints(layout, ports, made)
        company = Company(layout, databases, OURS, THEIRS)
        baseline = company.let_happen(BASELINE_EVENTS, BASELINE_SECONDS)
        company.must_become(
            lambda: company.states(baseline) == {"delivered"}, "the first events are delivered"
        )
    except BaseException:
        lifeline.end()
        raise
    return company, lifeline


def _found_database(layout: Layout, ports: build.Ports, made: build.Secrets) -> database.Addresses:
    keeper_client.ask(layout, "start", "stripe")  # comes up while initdb works
    if keeper_client.ask(layout, "run", "initdb")["unit"]["exit_code"] != 0:
        raise PracticeError(f"initdb failed: {(layout.folder / 'postgres.log').read_text('utf-8')[-800:]}")
    build.password_file(layout).unlink()
    build.write_access_rules(layout)
    keeper_client.ask(layout, "start", "postgres")
    root = database.address(ports.postgres, SUPERUSER, made.superuser_password, "postgres")
    if not wait_until(lambda: _accepts(root), READY_SECONDS):
        raise PracticeError(
            f"PostgreSQL did not start: {(layout.folder / 'postgres.log').read_text('utf-8')[-800:]}"
        )
    return database.create(ports.postgres, made.superuser_password)


def _accepts(url: str) -> bool:
    with contextlib.suppress(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2).close()
        return True
    return False


def _start_services(layout: Layout, ports: build.Ports) -> None:
    for unit in ("app", "letters"):
        keeper_client.ask(layout, "start", unit)
    for unit, port in (("stripe", ports.stripe), ("app", ports.app), ("letters", ports.letters)):
        if not wait_until(partial(_answers, port), READY_SECONDS):
            words = (layout.folder / f"{unit}.out").read_text("utf-8", "replace")[-800:]
            raise PracticeError(f"The service {unit} did not start: {words}")


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
