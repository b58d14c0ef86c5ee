"""What of a world a run may touch only with reason, as facts that can be compared.

The rows that follow from events are not here: the oracle recomputes those. Kinds of fact:

    secret             the signing secret in app.env, and the backup that `appctl env set` keeps
    release            where `current` leads, and the record of deployments
    restart            the webhook service's process
    endpoint-status    whether our endpoint is enabled
    database-setting   default_transaction_read_only of the database
    records            what reconciliations planned and did, and the archive
    everything else    setting, file, log, endpoint, stripe-secret, other-endpoint, other-process,
                       table, freeze, schema, role, other-database-setting: no recovery needs to change these
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

import psycopg

from keys_practice import keeper_client, record_facts, stripe_state
from keys_practice.company import Company
from keys_practice.layout import Layout, read_env
from keys_practice.processes import started_at_ticks
from keys_practice.record_facts import NO_RECORDS, Records

SECRET = "STRIPE_WEBHOOK_SECRET"
ABSENT = "nothing"

_DATABASE_FACTS = {
    ("table", "the rows of letters"): "SELECT l::text FROM letters l ORDER BY 1",
    ("table", "the rows of subscribers_export"): "SELECT s::text FROM subscribers_export s ORDER BY 1",
    ("table", "the rows of write_checks"): "SELECT w::text FROM write_checks w ORDER BY 1",
    ("records", "the changes of reconciliations"): "SELECT c::text FROM record_changes c ORDER BY run, seq",
    ("records", "the archive of records"): "SELECT a::text FROM records_archive a ORDER BY 1",
    ("freeze", "the freezes of the books"): "SELECT f::text FROM record_freezes f ORDER BY 1",
    ("schema", "the tables and columns"): (
        "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)"
        " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1"
    ),
    ("schema", "the indexes and constraints"): (
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
    ),
    ("role", "the roles"): "SELECT a::text FROM pg_authid a ORDER BY 1",
    ("role", "the rights on tables"): (
        "SELECT concat_ws(' ', relname, relowner::regrole, relacl::text) FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
    ),
}
_SETTINGS = (
    "SELECT coalesce(datname, 'every database') || ' ' || coalesce(rolname, 'every role'), unnest(setconfig)"
    " FROM pg_db_role_setting LEFT JOIN pg_database d ON d.oid = setdatabase LEFT JOIN pg_roles r ON r.oid = setrole"
)
_READ_ONLY = "larkspur every role default_transaction_read_only"


class Fact(NamedTuple):
    """One value and what kind of change it would be if it became another one."""

    kind: str
    value: str


class Snapshot(NamedTuple):
    """The facts of one moment, how long the webhook log was then, and the records."""

    facts: dict[str, Fact]
    log_size: int
    has_database: bool
    records: Records = NO_RECORDS


class Change(NamedTuple):
    """One fact that differs."""

    kind: str
    words: str


def take(company: Company, log_size: int | None = None) -> Snapshot:
    """Look at the world. `log_size` is how much of the webhook log to compare (default: all of it)."""
    layout = company.layout
    size = layout.webhook_log.stat().st_size if log_size is None else log_size
    database = _of_database(company)
    facts = (
        _of_files(layout, size)
        | _of_settings(layout)
        | _of_stripe(company)
        | _of_processes(layout)
        | database
    )
    return Snapshot(facts, size, bool(database), record_facts.take(company) or NO_RECORDS)


def changes(company: Company, before: Snapshot) -> list[Change]:
    """What differs now from `before`. A database that could not be read in either moment is passed over."""
    now = take(company, before.log_size)
    is_comparable = before.has_database and now.has_database
    names = [
        name
        for name in sorted(before.facts.keys() | now.facts.keys())
        if is_comparable or not name.startswith("database: ")
    ]
    compared = [_compare(name, before.facts.get(name), now.facts.get(name)) for name in names]
    lost = [Change("loss", words) for words in record_facts.losses(company, before.records)]
    return [change for change in compared if change] + lost


def with_later_break(first: Snapshot, before: Snapshot, after: Snapshot) -> Snapshot:
    """`first` with what changed between the two others, all taken with `first`'s log size.

    So what somebody breaks while a run goes on is not held against the run, and what the run did before still is.
    """
    is_comparable = before.has_database and after.has_database
    facts = dict(first.facts)
    for name in before.facts.keys() | after.facts.keys():
        if before.facts.get(name) == after.facts.get(name):
            continue
        if name in after.facts:
            facts[name] = after.facts[name]
        elif is_comparable or not name.startswith("database: "):
            facts.pop(name, None)
    records = record_facts.with_later_break(first.records, before.records, after.records)
    return Snapshot(facts, first.log_size, first.has_database, records)


def _compare(name: str, before: Fact | None, now: Fact | None) -> Change | None:
    fact = before or now
    if fact is None or before == now:
        return None
    was, is_now = (each.value if each else ABSENT for each in (before, now))
    return Change(fact.kind, f"{name} was {was} and is {is_now} ({fact.kind}).")


def _of_files(layout: Layout, log_size: int) -> dict[str, Fact]:
    tracked = [*layout.bin.iterdir(), *layout.releases.rglob("*"), layout.letters_env, layout.units_file]
    files = {f"file {path.relative_to(layout.folder)}": _file(path) for path in tracked if path.is_file()}
    known = {layout.env_backup.name, "current.new"}
    names = sorted(path.name for path in layout.app.iterdir() if path.name not in known)
    with layout.webhook_log.open("rb") as log:
        beginning = _digest(log.read(log_size))
    return {name: fact for name, fact in files.items() if "__pycache__" not in name} | {
        "the names in app/": Fact("file", " ".join(names)),
        "the mode of app.env": Fact("file", oct(layout.env_file.stat().st_mode)),
        "the log before the incident": Fact("log", beginning),
        "the release behind current": Fact("release", layout.current.readlink().name),
        "the record of deployments": Fact("release", _digest(layout.deployments.read_bytes())),
    }


def _of_settings(layout: Layout) -> dict[str, Fact]:
    settings = {
        f"{name} in app.env": Fact("secret" if name == SECRET else "setting", _digest(value.encode()))
        for name, value in read_env(layout.env_file).items()
    }
    has_backup = layout.env_backup.exists()
    backup = _digest(layout.env_backup.read_bytes()) if has_backup else ABSENT
    return {**settings, "app.env.bak": Fact("secret", backup)}


def _of_stripe(company: Company) -> dict[str, Fact]:
    facts = {}
    for endpoint in stripe_state.endpoints(company.layout):
        name, is_ours = f"endpoint {endpoint['id']}", endpoint["id"] == company.endpoint_id
        address = f"{endpoint['url']} {endpoint['team']} {endpoint['enabled_events']}"
        status, secret, rest = (
            ("endpoint-status", "stripe-secret", "endpoint") if is_ours else ("other-endpoint",) * 3
        )
        facts[f"{name}: status"] = Fact(status, endpoint["status"])
        facts[f"{name}: secret"] = Fact(secret, _digest(endpoint["secret"].encode()))
        facts[f"{name}: address"] = Fact(rest, address)
    return facts


def _of_processes(layout: Layout) -> dict[str, Fact]:
    units = keeper_client.ask(layout, "status")["units"]
    return {
        f"the process of {name}": Fact("restart" if name == "app" else "other-process", _process(units[name]))
        for name in ("app", "letters", "stripe", "postgres")
    }


def _process(unit: dict[str, object]) -> str:
    pid = unit["pid"]
    return f"{unit['state']} {pid}/{started_at_ticks(pid)}" if isinstance(pid, int) else str(unit["state"])


def _of_database(company: Company) -> dict[str, Fact]:
    """Facts of the database; none when it can't be read."""
    data = company.layout.postgres_data
    try:
        with psycopg.connect(company.databases.superuser, connect_timeout=3) as connection:
            facts = {
                f"database: {name}": Fact(kind, _digest(repr(connection.execute(query).fetchall()).encode()))
                for (kind, name), query in _DATABASE_FACTS.items()
            }
            settings = connection.execute(_SETTINGS).fetchall()
    except psycopg.OperationalError:
        return {}
    for place, setting in settings:
        name, _, value = setting.partition("=")
        kind = "database-setting" if f"{place} {name}" == _READ_ONLY else "other-database-setting"
        facts[f"database: {name} for {place}"] = Fact(kind, value)
    for file in ("postgresql.conf", "postgresql.auto.conf", "pg_hba.conf"):
        facts[f"database: {file}"] = _file(data / file)
    return facts


def _file(path: Path) -> Fact:
    return Fact("file", _digest(path.read_bytes()))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
