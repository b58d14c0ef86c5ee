"""Founds the department: folder, processes, database, and its first orders."""

import socket
from pathlib import Path

from keys_practice import database, folders, keeper_client
from keys_practice.database import Kept
from keys_practice.lifeline import Lifeline
from keys_practice.ports import port_of, reserve
from keys_practice.starting import await_clerk, await_services, start_postgres
from keys_practice.wire import build
from keys_practice.wire.company import Company
from keys_practice.wire.layout import DEPENDENCIES, WireLayout
from keys_practice.wire.users import FIRST_ORDERS

SCHEMA = Path(__file__).with_name("schema.sql")
CONFIRMED = "SELECT count(*) AS confirmed FROM orders WHERE confirmed_at IS NOT NULL"
OF_YESTERDAY = """
UPDATE orders SET created_at = created_at - interval '1 day', confirmed_at = confirmed_at - interval '1 day'
WHERE confirmed_at IS NOT NULL
"""
SERVICES = (*DEPENDENCIES, "line", "app")


def found(parent: Path | None = None) -> tuple[Company, Lifeline]:
    """Start everything below `parent` (default: the system's temp folder) and let the first users order.

    Raises PracticeError or psycopg.Error; then nothing is left behind.
    """
    folder, lock = folders.make(parent)
    layout = WireLayout(folder)
    held: list[socket.socket] = [reserve() for _ in range(build.NEEDED_PORTS)]
    ports = build.Ports.from_numbers([*map(port_of, held)])
    lifeline = Lifeline(layout, lock, held)
    try:
        databases = database.addresses(ports.postgres)
        build.write_folders(layout, ports, databases)
        lifeline.wait_until_kept()
        for unit in (*SERVICES, "clerk"):
            keeper_client.ask(layout, "start", unit)
        start_postgres(layout, databases.superuser, database.READER)
        database.create(databases, SCHEMA)
        await_services(layout, {**ports.origins, "line": ports.control, "app": ports.app})
        await_clerk(layout)
        company = Company(layout, databases)
        keeper_client.ask(layout, "start", "users")
        company.await_answers(FIRST_ORDERS, 201)
        _let_them_be_of_yesterday(company)
    except BaseException:
        lifeline.end()
        raise
    return company, lifeline


def _let_them_be_of_yesterday(company: Company) -> None:
    """A shop has a past: whoever looks past the orders that are just being taken finds some from the first moment."""
    database = Kept(company.databases.superuser)
    try:
        company.must_become(
            lambda: database.rows(CONFIRMED)[0]["confirmed"] >= FIRST_ORDERS, "the first orders are confirmed"
        )
        database.rows(OF_YESTERDAY)
    finally:
        database.close()
