"""What of the department a run may touch only with reason, as facts that can be compared. Kinds of fact:

worker         a worker's process            spare-worker   worker-3 and worker-4
cron           the scheduler's process       catch-up       slots that a person ran
pause          whether the queue is paused   lease          the visibility timeout
limit          how many of a kind may run    quarantine     jobs that are put aside
replay         dead letters that a person queued again, or settled
everything else (job, job-gone, wrong-quarantine, setting, file, mail, other-process, table, schema, role): no
recovery needs to change these
"""

import hashlib
import json
from typing import Any

import psycopg

from keys_practice import keeper_client
from keys_practice.jobs.build import SPARE_WORKERS, WORKERS
from keys_practice.jobs.department import Department
from keys_practice.processes import started_at_ticks
from keys_practice.snapshot import Change, Fact, Snapshot

ABSENT = "nothing"
IN_DATABASE = "database: "
JOB = f"{IN_DATABASE}the job "

_TABLES = {
    ("table", "the rows of letters"): "SELECT l::text FROM letters l ORDER BY 1",
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
    ("setting", "the server's settings for roles and databases"): (
        "SELECT concat_ws(' ', setdatabase, setrole, setconfig::text) FROM pg_db_role_setting ORDER BY 1"
    ),
}
_SETTING_KINDS = {"lease_seconds": "lease", "paused": "pause"}


def take(department: Department) -> Snapshot:
    """Look at the department."""
    database = _of_database(department)
    return Snapshot(_of_files(department) | _of_processes(department) | database, 0, bool(database))


def changes(department: Department, before: Snapshot) -> list[Change]:
    """What differs now from `before`. A database that could not be read in either moment is passed over.

    New jobs are no change: the shop goes on selling.
    """
    now = take(department)
    is_comparable = before.has_database and now.has_database
    found = []
    for name in sorted(before.facts.keys() | now.facts.keys()):
        was, is_now = before.facts.get(name), now.facts.get(name)
        is_new_job = name.startswith(JOB) and was is None
        if was == is_now or is_new_job or (name.startswith(IN_DATABASE) and not is_comparable):
            continue
        fact = was or is_now
        kind = "job-gone" if name.startswith(JOB) and is_now is None else fact.kind if fact else ""
        words = f"{name.removeprefix(IN_DATABASE)} was {_value(was)} and is {_value(is_now)} ({kind})."
        found.append(Change(kind, words))
    return found


def _value(fact: Fact | None) -> str:
    return fact.value if fact else ABSENT


def _of_files(department: Department) -> dict[str, Fact]:
    places, layout = department.places, department.layout
    tracked = [*layout.bin.iterdir(), *places.templates.iterdir(), places.worker_settings, layout.units_file]
    refused = len(places.refusals.read_text("utf-8").splitlines())
    return {
        **{
            f"file {path.relative_to(layout.folder)}": Fact("file", _digest(path.read_bytes()))
            for path in tracked
        },
        "the messages that the mail sender refused for their rate": Fact("mail", str(refused)),
    }


def _of_processes(department: Department) -> dict[str, Fact]:
    units = keeper_client.ask(department.layout, "status")["units"]
    kinds = {
        **dict.fromkeys(WORKERS, "worker"),
        **dict.fromkeys(SPARE_WORKERS, "spare-worker"),
        "cron": "cron",
        **dict.fromkeys(("mail", "desk", "shop", "postgres"), "other-process"),
    }
    return {f"the process of {name}": Fact(kind, _process(units[name])) for name, kind in kinds.items()}


def _process(unit: dict[str, Any]) -> str:
    pid = unit["pid"]
    return f"{unit['state']} {pid}/{started_at_ticks(pid)}" if isinstance(pid, int) else str(unit["state"])


def _of_database(department: Department) -> dict[str, Fact]:
    """Facts of the database; none when it can't be read."""
    try:
        tables = {
            f"{IN_DATABASE}{name}": Fact(kind, _digest(repr(department.rows(query)).encode()))
            for (kind, name), query in _TABLES.items()
        }
        return tables | _of_queue(department) | _of_jobs(department)
    except psycopg.OperationalError:
        return {}


def _of_queue(department: Department) -> dict[str, Fact]:
    facts = {}
    for row in department.rows("SELECT name, value FROM queue_settings"):
        kind = "limit" if row["name"].startswith("limit:") else _SETTING_KINDS.get(row["name"], "setting")
        facts[f"{IN_DATABASE}the queue's setting {row['name']}"] = Fact(kind, row["value"])
    slots = department.rows("SELECT slot FROM cron_runs WHERE ran_by <> 'cron' ORDER BY 1")
    facts[f"{IN_DATABASE}the slots that a person ran"] = Fact("catch-up", str(len(slots)))
    for action in ("replay", "settle", "release"):
        (found,) = department.rows("SELECT count(*) AS number FROM job_notes WHERE action = %s", action)
        facts[f"{IN_DATABASE}the jobs with the note {action}"] = Fact("replay", str(found["number"]))
    return facts


def _of_jobs(department: Department) -> dict[str, Fact]:
    """What of a job never changes, and which are put aside."""
    facts = {}
    for row in department.rows("SELECT id, position, kind, customer, is_ordered, payload, state FROM jobs"):
        state = row.pop("state")
        facts[f"{JOB}{row['id']}"] = Fact("job", _digest(json.dumps(row, sort_keys=True).encode()))
        if state == "quarantined":
            kind = "quarantine" if row["id"] in department.poison else "wrong-quarantine"
            facts[f"{IN_DATABASE}the place of {row['id']}"] = Fact(kind, "quarantine")
    return facts


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
