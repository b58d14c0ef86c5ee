"""The independent judge of this department: do users get what the dependencies' true health allows, was anything lost,
and was anything touched without need?

It looks at the wire itself, the dependencies' own books, the database, the files and what users were answered. It asks
no command and knows no runbook.
"""

import time
from typing import Any

import psycopg

from keys_practice import http_client, keeper_client
from keys_practice.errors import Unreachable
from keys_practice.layout import read_env
from keys_practice.processes import is_alive, is_frozen, wait_until
from keys_practice.snapshot import Snapshot
from keys_practice.verdict import Verdict
from keys_practice.wire import books, snapshot
from keys_practice.wire.company import Company
from keys_practice.wire.layout import DEPENDENCIES
from keys_practice.wire.releases import GOOD
from keys_practice.wire.snapshot import PROCESSES

POLL_SECONDS = 0.2
FRESH_ANSWERS = 12
JUDGED_ANSWERS = 8  # the last of them: those before may have been under way
FRESH_SECONDS = 8
SLOW_MS = 2000
UNHEARD = ("silent", "half-silent")
"""Flaws that keep nobody from using the dependency: what it does is right, and its confirmations do not come."""


def judge(
    company: Company, before: Snapshot, allowed: frozenset[str], answered_before: int, settle_seconds: float
) -> Verdict:
    """Look at the world. `answered_before` is how many answers users had when it broke."""
    changes = snapshot.changes(company, before)
    is_well = {name: not _ills(company, name) for name in DEPENDENCIES}
    problems = [
        *_dependency_problems(company),
        *_process_problems(company),
        *_release_problems(company),
        *_database_problems(company),
        *_switch_problems(company, is_well),
        *_user_problems(company, is_well, answered_before),
        *_settled(company, is_well, settle_seconds),
    ]
    return Verdict(
        problems,
        changed=[change.words for change in changes if change.kind not in allowed],
        recovered=[change.words for change in changes if change.kind in allowed],
    )


def _ills(company: Company, name: str) -> list[str]:
    """What truly keeps this dependency from being used."""
    line = [fault for fault in (company.wire()[name],) if fault != "none"]
    return line + [flaw for flaw in company.flaws(name) if flaw not in UNHEARD]


def _dependency_problems(company: Company) -> list[str]:
    return [
        f"The dependency {name} is not well: {', '.join(ills)}."
        for name in DEPENDENCIES
        if (ills := _ills(company, name))
    ]


def _process_problems(company: Company) -> list[str]:
    units = keeper_client.ask(company.layout, "status")["units"]
    return [
        f"The process of {name} does not run: it is {_standing(units[name])}."
        for name in PROCESSES
        if _standing(units[name]) != "running"
    ]


def _standing(unit: dict[str, Any]) -> str:
    pid = unit["pid"]
    if pid is None or not is_alive(pid):
        return "dead" if unit["state"] == "running" else str(unit["state"])
    return "frozen" if is_frozen(pid) else "running"


def _release_problems(company: Company) -> list[str]:
    current = company.layout.current.readlink().name
    problems = [] if current in GOOD else [f"The release {current} is bad."]
    loaded = _ask(company, "/healthz").get("release", current)
    if loaded != current:
        problems.append(f"The checkout runs {loaded}, and current leads to {current}.")
    return problems


def _database_problems(company: Company) -> list[str]:
    """Try a write as the checkout would, and take it back."""
    try:
        address = read_env(company.layout.env_file)["DATABASE_URL"]
        with psycopg.connect(address, connect_timeout=3) as connection:
            connection.execute("INSERT INTO write_checks VALUES (now())")
            connection.rollback()
    except (psycopg.Error, KeyError) as problem:
        return [f"The checkout cannot write to the database: {str(problem).strip().splitlines()[0]}."]
    return []


def _switch_problems(company: Company, is_well: dict[str, bool]) -> list[str]:
    switches = company.switches()
    problems = []
    for name in DEPENDENCIES:
        state = company.breaker_state(name)
        is_on = switches[f"fallback {name}"]["value"] == "on"
        health = "well" if is_well[name] else "not well"
        if is_well[name] and (switches[f"breaker {name}"]["value"] != "auto" or state != "closed"):
            problems.append(f"The breaker of {name} is {state}, and {name} is {health}.")
        if not is_well[name] and state == "closed":
            problems.append(f"The breaker of {name} is {state}, and {name} is {health}.")
        if is_on == is_well[name]:
            problems.append(f"The fallback of {name} is {'on' if is_on else 'off'}, and {name} is {health}.")
    return problems


def _user_problems(company: Company, is_well: dict[str, bool], answered_before: int) -> list[str]:
    """What users get now, and whether any degraded answer since the break hid that it is one."""
    seen = len(company.answers())
    wait_until(lambda: len(company.answers()) >= seen + FRESH_ANSWERS, FRESH_SECONDS, POLL_SECONDS)
    answers = company.answers()
    now = answers[seen:][-JUDGED_ANSWERS:]
    if len(now) < JUDGED_ANSWERS:
        return [f"Users got {len(now)} answers within {FRESH_SECONDS} s."]
    wanted = 201 if all(is_well.values()) else 202
    others = sorted({each["status"] for each in now} - {wanted})
    slow = sum(each["ms"] > SLOW_MS for each in now)
    hidden = [each for each in answers[answered_before:] if each["status"] == 202 and not _is_marked(each)]
    problems = [f"Users get {others}, and could get {wanted}."] if others else []
    problems += (
        [f"Users wait: {slow} of {len(now)} answers took over {SLOW_MS} ms."] if 2 * slow > len(now) else []
    )
    return problems + ([f"Degraded answers that did not say so: {len(hidden)}."] if hidden else [])


def _is_marked(answer: dict[str, Any]) -> bool:
    return answer["degraded"] is True and answer["notice"]


def _settled(company: Company, is_well: dict[str, bool], seconds: float) -> list[str]:
    """The orders' problems, once those that are on their way have come to rest."""
    deadline = time.monotonic() + seconds
    while (problems := books.problems(company, is_well)) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return problems


def _ask(company: Company, path: str) -> dict[str, Any]:
    """The checkout's own answer; nothing where it gives none."""
    try:
        found = http_client.call("GET", company.layout.facts()["app_url"] + path, seconds=5).json()
    except Unreachable:
        return {}
    return found if isinstance(found, dict) else {}
