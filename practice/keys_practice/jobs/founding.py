"""Founds the department: folder, processes, database, and some ordinary work behind it."""

from dataclasses import replace
from pathlib import Path

from keys_practice import database, folders, keeper_client
from keys_practice.jobs import build, slots
from keys_practice.jobs.department import Department
from keys_practice.jobs.places import Places
from keys_practice.layout import Layout
from keys_practice.lifeline import Lifeline
from keys_practice.ports import port_of, reserve
from keys_practice.starting import await_clerk, await_services, start_postgres

SCHEMA = Path(__file__).with_name("schema.sql")
FIRST_ORDERS = 6
LEASE_SECONDS, MOST_ATTEMPTS = "2", "3"  # as in schema.sql


def found(parent: Path | None) -> tuple[Department, Lifeline]:
    """Start everything below `parent` (default: the system's temp folder) and let the first jobs be done.

    Raises PracticeError or psycopg.Error; then nothing is left behind.
    """
    folder, lock = folders.make(parent)
    places = Places(Layout(folder))
    held = [reserve() for _ in range(4)]
    ports = build.Ports(*map(port_of, held))
    lifeline = Lifeline(places.layout, lock, held)
    databases = database.addresses(ports.postgres)
    superuser = database.Kept(databases.superuser)
    try:
        build.write_folders(places, ports, databases)
        lifeline.wait_until_kept()
        # They come up while the cluster is copied: each asks the database only when it has something to do, and asks again.
        for unit in ("clerk", "mail", "desk", *build.WORKERS):
            keeper_client.ask(places.layout, "start", unit)
        start_postgres(places.layout, databases.superuser, database.READER)
        database.create(databases, SCHEMA)
        department = _at_work(Department(places, databases, superuser, slots.current()), ports)
    except BaseException:
        superuser.close()
        lifeline.end()
        raise
    return department, lifeline


def _at_work(department: Department, ports: build.Ports) -> Department:
    """The department once its first jobs are done, knowing its first slot."""
    for unit in ("shop", "cron"):
        department.keeper("start", unit)
    await_services(department.layout, {"mail": ports.mail, "desk": ports.desk, "shop": ports.shop})
    await_clerk(department.layout)
    first = department.orders(FIRST_ORDERS)
    department.must_become(
        lambda: department.states(first) == {"done"} and bool(_digests(department)), "the first jobs are done"
    )
    (row,) = department.rows("SELECT min(slot) AS first FROM cron_runs")
    return replace(department, first_slot=row["first"])


def _digests(department: Department) -> list[dict[str, object]]:
    return department.rows("SELECT 1 FROM jobs WHERE kind = 'digest' AND state = 'done'")
