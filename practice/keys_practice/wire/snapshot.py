"""What of this department a run may touch only with reason, as facts that can be compared.

The rows of orders are not here: the oracle holds them against the books of the dependencies. Kinds of fact:

    breaker NAME, fallback NAME   how people have switched them, and how often
    restart                       the checkout's process
    everything else               release, file, setting, other-process, schema, role, wire
"""

import hashlib
from pathlib import Path

import psycopg

from keys_practice import keeper_client, snapshot
from keys_practice.processes import started_at_ticks
from keys_practice.snapshot import ABSENT, Change, Fact, Snapshot
from keys_practice.wire.company import Company
from keys_practice.wire.layout import DEPENDENCIES, WireLayout

PROCESSES = ("app", "line", "users", "postgres", *DEPENDENCIES)
_DATABASE_FACTS = {
    ("schema", "the tables and columns"): (
        "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)"
        " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1"
    ),
    ("schema", "the indexes"): "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    ("role", "the roles"): "SELECT a::text FROM pg_authid a ORDER BY 1",
    ("role", "the rights on tables"): (
        "SELECT concat_ws(' ', relname, relowner::regrole, relacl::text) FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
    ),
    ("setting", "the settings of databases and roles"): "SELECT s::text FROM pg_db_role_setting s ORDER BY 1",
    ("table", "the orders before the incident"): (
        "SELECT concat_ws(' ', id, amount_cents, postcode) FROM orders WHERE id <= 'ord_000010' ORDER BY 1"
    ),
}

with_later_break = snapshot.with_later_break


def take(company: Company) -> Snapshot:
    """Look at the world."""
    database = _of_database(company)
    facts = (
        _of_files(company.layout)
        | _of_switches(company)
        | _of_wire(company)
        | _of_processes(company.layout)
        | database
    )
    return Snapshot(facts, 0, bool(database))


def changes(company: Company, before: Snapshot) -> list[Change]:
    """What differs now from `before`. A database that could not be read in either moment is passed over."""
    now = take(company)
    is_comparable = before.has_database and now.has_database
    found = []
    for name in sorted(before.facts.keys() | now.facts.keys()):
        was, is_now = before.facts.get(name), now.facts.get(name)
        fact = was or is_now
        if was == is_now or fact is None or (name.startswith("database: ") and not is_comparable):
            continue
        words = [each.value if each else ABSENT for each in (was, is_now)]
        found.append(Change(fact.kind, f"{name} was {words[0]} and is {words[1]} ({fact.kind})."))
    return found


def _of_files(layout: WireLayout) -> dict[str, Fact]:
    tracked = [
        *layout.bin.iterdir(),
        *layout.releases.rglob("*.py"),
        *layout.tls.iterdir(),
        layout.units_file,
        layout.env_file,
        layout.dependencies_file,
        layout.facts_file,
    ]
    return {f"file {path.relative_to(layout.folder)}": _file(path) for path in tracked if path.is_file()} | {
        "the release behind current": Fact("release", layout.current.readlink().name),
        "the record of deployments": Fact("release", _digest(layout.deployments.read_bytes())),
    }


def _of_switches(company: Company) -> dict[str, Fact]:
    return {
        f"the {name}": Fact(name, f"{each['value']} after {each['changes']} changes")
        for name, each in company.switches().items()
    }


def _of_wire(company: Company) -> dict[str, Fact]:
    lines = {f"the line to {name}": Fact("wire", fault) for name, fault in company.wire().items()}
    flaws = {f"the flaws of {name}": Fact("wire", " ".join(company.flaws(name))) for name in DEPENDENCIES}
    return lines | flaws


def _of_processes(layout: WireLayout) -> dict[str, Fact]:
    units = keeper_client.ask(layout, "status")["units"]
    return {
        f"the process of {name}": Fact("restart" if name == "app" else "other-process", _process(units[name]))
        for name in PROCESSES
    }


def _process(unit: dict[str, object]) -> str:
    pid = unit["pid"]
    return f"{unit['state']} {pid}/{started_at_ticks(pid)}" if isinstance(pid, int) else str(unit["state"])


def _of_database(company: Company) -> dict[str, Fact]:
    try:
        with psycopg.connect(company.databases.superuser, connect_timeout=3) as connection:
            return {
                f"database: {name}": Fact(kind, _digest(repr(connection.execute(query).fetchall()).encode()))
                for (kind, name), query in _DATABASE_FACTS.items()
            }
    except psycopg.OperationalError:
        return {}


def _file(path: Path) -> Fact:
    return Fact("file", _digest(path.read_bytes()))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
