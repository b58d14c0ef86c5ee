"""The independent judge: did every job's effect happen exactly once and in order, and was anything touched without need?

It compares what the shop and the calendar wanted with what the mail sender has sent, looks at the process table and
the rows, and never asks a command or the desk.
"""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from keys_practice import keeper_client
from keys_practice.jobs import facts, slots
from keys_practice.jobs.build import WORKERS
from keys_practice.jobs.department import Department
from keys_practice.layout import read_env
from keys_practice.processes import is_alive, is_frozen
from keys_practice.snapshot import Snapshot
from keys_practice.verdict import Verdict

POLL_SECONDS = 0.2
NAMED = 3  # how many ids a problem lists
NEVER_SAID_SECONDS = 2.5  # a worker whose main loop says nothing for so long is stuck


class Wanted(NamedTuple):
    """A job that must have had its effect: its id, customer, and number in the customer's order (None: no order)."""

    job: str
    customer: str
    sequence: int | None


def judge(
    department: Department, before: Snapshot, allowed: frozenset[str], settle_seconds: float
) -> Verdict:
    """Look at the department. What was wanted until now gets `settle_seconds` to be done."""
    changes = facts.changes(department, before)
    problems = _standing_problems(department)
    # What stands in the way does not go away by waiting.
    wanted = _wanted(department, time.time())
    deadline = time.monotonic() + (0 if problems else settle_seconds)
    while (undone := _work_problems(department, wanted)) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return Verdict(
        problems + undone,
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
    if read_env(department.places.worker_settings)["IDEMPOTENCY_KEY"] != "job":
        problems.append("The workers give each attempt another idempotency key.")
    stuck = department.rows(
        "SELECT name FROM workers WHERE name = ANY(%s) AND progress_at < now() - %s * interval '1 second'",
        list(WORKERS),
        NEVER_SAID_SECONDS,
    )
    return problems + [f"{row['name']} is stuck." for row in stuck]


def _wanted(department: Department, until: float) -> list[Wanted]:
    """What the shop has written down and what the calendar asks for, until an instant (Unix seconds)."""
    orders = [
        Wanted(each["id"], each["customer"], each["payload"]["sequence"])
        for each in _lines(department.places.orders)
        if each["at"] <= until
    ]
    last = slots.slot_at(until - 2 * slots.SLOT_SECONDS)
    digests = [slots.job_of(slot) for slot in slots.between(department.first_slot, last)]
    return orders + [Wanted(job, slots.LIST, None) for job in digests]


def _work_problems(department: Department, wanted: list[Wanted]) -> list[str]:
    """Compare what was wanted with what was sent, and with what the queue believes."""
    try:
        rows = department.rows("SELECT id, state FROM jobs")
    except psycopg.Error:
        rows = []
    believed = {row["id"]: row["state"] for row in rows}
    messages = _lines(department.places.messages)
    sent = Counter(message["reference"] for message in messages)
    must = [each for each in wanted if each.job not in department.poison]
    kinds = (
        ("not sent", [each.job for each in must if not sent[each.job]]),
        ("sent more than once", [job for job, times in sent.items() if times > 1]),
        (
            "sent although nobody wanted them",
            sorted(sent.keys() - {each.job for each in wanted} - _new(believed)),
        ),
        ("gone from the queue", [each.job for each in wanted if rows and each.job not in believed]),
        ("not done for the queue", [each.job for each in must if believed.get(each.job, "done") != "done"]),
        (
            "neither done nor in quarantine",
            [job for job in department.poison if believed.get(job) not in ("quarantined", "done")],
        ),
        ("sent out of order", _out_of_order(messages)),
    )
    return [f"Jobs that are {what}: {len(jobs)} ({_some(jobs)})." for what, jobs in kinds if jobs]


def _new(believed: dict[str, str]) -> set[str]:
    """Jobs that the queue knows: one that is newer than the look at the orders is no surprise."""
    return set(believed)


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
