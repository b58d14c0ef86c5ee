"""The independent judge: did every job's effect happen exactly once and in order, and was anything touched without need?

It compares what the shop and the calendar wanted with what the mail sender has sent, looks at the process table and
the rows, and never asks a command or the desk.
"""

import json
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from keys_practice import keeper_client
from keys_practice.jobs import facts, slots
from keys_practice.jobs.build import WORKERS
from keys_practice.jobs.department import Department
from keys_practice.jobs.founding import MOST_ATTEMPTS
from keys_practice.layout import read_env
from keys_practice.processes import is_alive, is_frozen
from keys_practice.snapshot import Snapshot
from keys_practice.verdict import Verdict

POLL_SECONDS = 0.2
ENTERED_SECONDS = 3  # an order is written down, and enqueued soon after
NAMED = 3  # how many ids a problem lists
LATE_SECONDS = 4
NEVER_SAID_SECONDS = 3.0  # a worker whose main loop says nothing for so long is stuck


class Work(NamedTuple):
    """What is wrong with the work itself, and whether waiting may help."""

    problems: list[str]
    can_heal: bool


def judge(
    department: Department, before: Snapshot, allowed: frozenset[str], settle_seconds: float
) -> Verdict:
    """Look at the department. What was wanted until now gets `settle_seconds` to be done."""
    changes = facts.changes(department, before)
    problems = _standing_problems(department)
    until = time.time()
    deadline = time.monotonic() + (0 if problems else settle_seconds)
    while (found := _work(department, until)).can_heal and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return Verdict(
        problems + found.problems,
        changed=[change.words for change in changes if change.kind not in allowed],
        recovered=[change.words for change in changes if change.kind in allowed],
    )


def _standing_problems(department: Department) -> list[str]:
    problems = _process_problems(department)
    try:
        return problems + _queue_problems(department)
    except psycopg.Error as problem:
        return [*problems, f"The database cannot be read: {str(problem).strip().splitlines()[0]}."]


def _process_problems(department: Department) -> list[str]:
    units = keeper_client.ask(department.layout, "status")["units"]
    return [
        f"The process of {name} does not run: it is {_standing(units[name])}."
        for name in (*WORKERS, "cron", "mail", "desk", "shop", "postgres")
        if _standing(units[name]) != "running"
    ]


def _standing(unit: dict[str, Any]) -> str:
    """How the process stands, by the process table and not by what the keeper believes."""
    pid = unit["pid"]
    if pid is None or not is_alive(pid):
        return "dead" if unit["state"] == "running" else str(unit["state"])
    return "frozen" if is_frozen(pid) else "running"


def _queue_problems(department: Department) -> list[str]:
    settings = {
        row["name"]: row["value"] for row in department.rows("SELECT name, value FROM queue_settings")
    }
    problems = ["The queue is paused."] if settings["paused"] == "true" else []
    problems += [
        f"The kind {name.removeprefix('limit:')} is held back."
        for name in settings
        if name.startswith("limit:")
    ]
    if float(settings["lease_seconds"]) < 1:
        problems.append("The lease is shorter than the work.")
    if settings["max_attempts"] != MOST_ATTEMPTS:
        problems.append(f"A job gets {settings['max_attempts']} attempts, and {MOST_ATTEMPTS} are meant.")
    if read_env(department.places.worker_settings)["IDEMPOTENCY_KEY"] != "job":
        problems.append("The workers give each attempt another idempotency key.")
    stuck = department.rows(
        "SELECT name FROM workers WHERE name = ANY(%s) AND progress_at < now() - %s * interval '1 second'",
        list(WORKERS),
        NEVER_SAID_SECONDS,
    )
    return [*problems, *(f"{row['name']} is stuck." for row in stuck), *_late_problems(department)]


def _late_problems(department: Department) -> list[str]:
    """Jobs that nothing stands before, and that wait all the same."""
    late = department.rows(
        "SELECT id FROM jobs j WHERE state = 'queued' AND run_at < now() - %s * interval '1 second' AND NOT EXISTS ("
        "SELECT 1 FROM jobs e WHERE j.is_ordered AND e.is_ordered AND e.customer = j.customer"
        " AND e.position < j.position AND e.state <> 'done' AND e.state <> 'quarantined')",
        LATE_SECONDS,
    )
    names = [row["id"] for row in late]
    return [f"Jobs that wait for a worker: {len(names)} ({_some(names)})."] if names else []


def _work(department: Department, until: float) -> Work:
    """Compare what was wanted until an instant (Unix seconds) with what was sent, and with what the queue believes."""
    settled = until - 2 * slots.SLOT_SECONDS
    try:
        believed = {row["id"]: row["state"] for row in department.rows("SELECT id, state FROM jobs")}
    except psycopg.Error:
        believed = {}
    # The messages first: what is sent afterwards was wanted before.
    messages = _lines(department.places.messages)
    orders = _lines(department.places.orders)
    digests = _digests(department, time.time())
    sent = Counter(message["reference"] for message in messages)
    wanted = [each["id"] for each in orders if each["at"] <= until] + _digests(department, settled)
    must = [job for job in wanted if job not in department.poison]
    entered = [each["id"] for each in orders if each["at"] <= until - ENTERED_SECONDS] + _digests(
        department, settled
    )
    gone = [job for job in entered if believed and job not in believed]
    open_poison = [job for job in department.poison if believed.get(job) not in ("quarantined", "done")]
    kinds = (
        ("not sent", [job for job in must if not sent[job]]),
        ("not done for the queue", [job for job in must if believed.get(job, "done") != "done"]),
        ("sent to somebody else, or with another amount", _wrong(messages, orders)),
        ("sent more than once", [job for job, times in sent.items() if times > 1]),
        (
            "sent although nobody wanted them",
            sorted(sent.keys() - {each["id"] for each in orders} - {*digests}),
        ),
        ("gone from the queue", gone),
        ("neither done nor in quarantine", open_poison),
        ("sent out of order", _out_of_order(messages)),
    )
    problems = [f"Jobs that are {what}: {len(jobs)} ({_some(jobs)})." for what, jobs in kinds if jobs]
    # Waiting helps only what is on its way: nothing is wrong but that, and no dead job stands before it.
    is_final = any(jobs for _, jobs in kinds[2:]) or "dead" in {believed.get(job) for job in must}
    return Work(problems, can_heal=bool(problems) and not is_final)


def _digests(department: Department, until: float) -> list[str]:
    """The jobs that the calendar asks for, until an instant (Unix seconds)."""
    return [slots.job_of(slot) for slot in slots.between(department.first_slot, slots.slot_at(until))]


def _wrong(messages: list[dict[str, Any]], orders: list[dict[str, Any]]) -> list[str]:
    """Messages of jobs that somebody wanted, which are not what was wanted."""
    wanted = {
        each["id"]: (each["customer"], (each["payload"].get("amount") or "").split(" ")[0]) for each in orders
    }
    found = []
    for message in messages:
        customer, amount = wanted.get(message["reference"], (slots.LIST, ""))
        is_named = not amount or amount in re.split(r"[^0-9.]+", message["text"])
        if message["to"] != customer or not is_named:
            found.append(message["reference"])
    return sorted(set(found))


def _out_of_order(messages: list[dict[str, Any]]) -> list[str]:
    """Receipts that went out before an earlier one of the same customer."""
    newest: dict[str, int] = {}
    found = []
    for message in messages:
        if message["kind"] == "receipt":
            if message["sequence"] < newest.get(message["to"], 0):
                found.append(message["reference"])
            newest[message["to"]] = max(newest.get(message["to"], 0), message["sequence"])
    return found


def _lines(path: Path) -> list[dict[str, Any]]:
    """The facts of a file that somebody may be writing: a last line without its end is not there yet."""
    return [
        json.loads(line) for line in path.read_text("utf-8").splitlines(keepends=True) if line.endswith("\n")
    ]


def _some(jobs: list[str]) -> str:
    return ", ".join(sorted(jobs)[:NAMED]) + (", …" if len(jobs) > NAMED else "")
