"""Founds the letters rooms: folder, processes, database, the access releases of the past."""

import contextlib
from functools import partial
from pathlib import Path

import psycopg

from keys_practice import folders, http_client, keeper_client
from keys_practice.build import password_file
from keys_practice.database import TEMPLATE
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.lifeline import Lifeline
from keys_practice.ports import port_of, reserve
from keys_practice.processes import wait_until
from keys_practice.tenants import build, contract, database, releases
from keys_practice.tenants.layout import RoomsLayout
from keys_practice.tenants.rooms import Rooms

READY_SECONDS = 20
SERVICES = ("auth", "api")


def found(parent: Path | None) -> tuple[Rooms, Lifeline]:
    """Start everything below `parent` (default: the system's temp folder).

    Raises PracticeError or psycopg.Error; then nothing is left behind.
    """
    folder, lock = folders.make(parent)
    layout = RoomsLayout(folder)
    held = [reserve() for _ in range(3)]
    ports = build.Ports(*map(port_of, held))
    lifeline = Lifeline(layout, lock, held)
    try:
        made = build.new_secrets(ports)
        build.write_folders(layout, ports, made)
        lifeline.wait_until_kept()
        # The services come up while initdb works: they open the database only when they are asked something.
        for unit in SERVICES:
            keeper_client.ask(layout, "start", unit)
        _found_database(layout, made)
        _await_services(layout, ports)
    except BaseException:
        lifeline.end()
        raise
    return Rooms(layout, made.databases, made.passwords), lifeline


def _found_database(layout: RoomsLayout, made: build.Secrets) -> None:
    if keeper_client.ask(layout, "run", "initdb")["unit"]["exit_code"] != 0:
        raise PracticeError(f"initdb failed: {_last_words(layout, 'postgres.log')}")
    password_file(layout).unlink()
    build.write_access_rules(layout, database.READER)
    keeper_client.ask(layout, "start", "postgres")
    if not wait_until(partial(_is_up, made.databases), READY_SECONDS):
        raise PracticeError(f"PostgreSQL did not start: {_last_words(layout, 'postgres.log')}")
    database.create(made.databases, made.passwords, layout.access)
    known = contract.read(layout.contract)
    with psycopg.connect(made.databases.owner) as connection:
        for version in ("0006", "0007"):
            releases.apply(connection, layout, known, version)
            releases.keep_state(connection, layout, known, version)


def _is_up(databases: database.Addresses) -> bool:
    try:
        psycopg.connect(databases.superuser, dbname=TEMPLATE, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _await_services(layout: RoomsLayout, ports: build.Ports) -> None:
    for unit in SERVICES:
        if not wait_until(partial(_answers, getattr(ports, unit)), READY_SECONDS):
            raise PracticeError(f"The service {unit} did not start: {_last_words(layout, f'{unit}.out')}")


def _answers(port: int) -> bool:
    with contextlib.suppress(Unreachable):
        http_client.call("GET", f"http://127.0.0.1:{port}/health", seconds=2)
        return True
    return False


def _last_words(layout: RoomsLayout, name: str) -> str:
    path = layout.folder / name
    return path.read_text("utf-8", "replace")[-800:]
