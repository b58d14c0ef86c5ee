"""Founds a company: folder, processes, database, endpoints, and a first hour of ordinary traffic."""

from pathlib import Path

from keys_practice import build, database, folders, keeper_client
from keys_practice.company import Company
from keys_practice.endpoints import OUR_EVENTS, THEIR_EVENTS
from keys_practice.layout import Layout
from keys_practice.lifeline import Lifeline
from keys_practice.ports import port_of, reserve
from keys_practice.starting import await_clerk, await_services, start_postgres
from keys_practice.stripe_client import Stripe

BASELINE_EVENTS = 20
BASELINE_SECONDS = 3600
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
        # The services come up while the cluster is copied: they open the database only when they are asked something.
        for unit in (*SERVICES, "clerk"):
            keeper_client.ask(layout, "start", unit)
        start_postgres(layout, made.databases.superuser, database.READER)
        database.create(made.databases)
        await_services(layout, {unit: getattr(ports, unit) for unit in SERVICES})
        await_clerk(layout)
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
