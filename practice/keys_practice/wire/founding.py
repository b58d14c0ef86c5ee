"""Founds the department: folder, processes, database, and its first orders."""

import contextlib
import socket
from functools import partial
from pathlib import Path

from keys_practice import database, folders, http_client, keeper_client, postgres
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.lifeline import Lifeline
from keys_practice.ports import port_of, reserve
from keys_practice.processes import wait_until
from keys_practice.wire import build
from keys_practice.wire.company import Company
from keys_practice.wire.layout import DEPENDENCIES, WireLayout
from keys_practice.wire.users import FIRST_ORDERS

READY_SECONDS = 20
SCHEMA = Path(__file__).with_name("schema.sql")
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
        for unit in SERVICES:
            keeper_client.ask(layout, "start", unit)
        _found_database(layout, databases)
        for unit, port in {**ports.origins, "line": ports.control, "app": ports.app}.items():
            if not wait_until(partial(_answers, port), READY_SECONDS):
                raise PracticeError(f"{unit} did not start: {_last_words(layout, f'{unit}.out')}")
        company = Company(layout, databases)
        keeper_client.ask(layout, "start", "users")
        company.await_answers(FIRST_ORDERS, 201)
    except BaseException:
        lifeline.end()
        raise
    return company, lifeline


def _found_database(layout: WireLayout, databases: database.Addresses) -> None:
    if keeper_client.ask(layout, "run", "initdb")["unit"]["exit_code"] != 0:
        raise PracticeError(f"initdb failed: {_last_words(layout, 'postgres.log')}")
    build.password_file(layout).unlink()
    rules = postgres.access_rules(database.READER)
    (layout.postgres_data / "pg_hba.conf").write_text(rules, "utf-8")
    keeper_client.ask(layout, "start", "postgres")
    if not wait_until(partial(database.is_up, databases), READY_SECONDS):
        raise PracticeError(f"PostgreSQL did not start: {_last_words(layout, 'postgres.log')}")
    database.create(databases, SCHEMA)


def _answers(port: int) -> bool:
    with contextlib.suppress(Unreachable):
        http_client.call("GET", f"http://127.0.0.1:{port}/healthz", seconds=2)
        return True
    return False


def _last_words(layout: WireLayout, name: str) -> str:
    return (layout.folder / name).read_text("utf-8", "replace")[-800:]
