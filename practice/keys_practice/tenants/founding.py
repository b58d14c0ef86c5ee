"""Founds the letters rooms: folder, processes, database, the access releases of the past."""

from pathlib import Path

import psycopg

from keys_practice import folders, keeper_client
from keys_practice.lifeline import Lifeline
from keys_practice.ports import port_of, reserve
from keys_practice.starting import await_clerk, await_services, start_postgres
from keys_practice.tenants import build, contract, database, releases
from keys_practice.tenants.layout import RoomsLayout
from keys_practice.tenants.rooms import Rooms

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
        # The services come up while the cluster is copied: they open the database only when they are asked something.
        for unit in (*SERVICES, "clerk"):
            keeper_client.ask(layout, "start", unit)
        _found_database(layout, made)
        await_services(layout, {"auth": ports.auth, "api": ports.api}, "health")
        await_clerk(layout)
    except BaseException:
        lifeline.end()
        raise
    return Rooms(layout, made.databases, made.passwords), lifeline


def _found_database(layout: RoomsLayout, made: build.Secrets) -> None:
    start_postgres(layout, made.databases.superuser, database.READER)
    database.create(made.databases, made.passwords, layout.access)
    known = contract.read(layout.contract)
    with psycopg.connect(made.databases.owner) as connection:
        for version in ("0006", "0007"):
            releases.apply(connection, layout, known, version)
            releases.keep_state(connection, layout, known, version)
