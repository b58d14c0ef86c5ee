"""The independent judge of the letters rooms: who reads and writes exactly what, and was anything touched without need?

What is right is worked out from `people` (see `oracle_rights`); neither the contract nor a release nor a command is
asked. Everything is tried twice: over SQL with a member's claims, and over HTTP with their real token.
"""

import psycopg

from keys_practice.processes import is_alive, is_frozen
from keys_practice.tenants import oracle_http, oracle_sql, snapshot
from keys_practice.tenants.rooms import Rooms
from keys_practice.tenants.snapshot import Facts
from keys_practice.verdict import Verdict

AS_NEEDED = frozenset({"fence", "undo", "register", "api", "auth"})
"""Kinds that a right recovery may leave as they never were; all others must be as at the founding."""


def judge(rooms: Rooms, before: Facts, founding: Facts, allowed: frozenset[str]) -> Verdict:
    """Look at the world. `founding` are the facts of the healthy world, `before` those after the break."""
    changed: list[str] = []
    recovered: list[str] = []
    for change in snapshot.changes(rooms, before):
        is_back = change.now == founding.get(change.name)
        is_right = change.kind in allowed and (is_back or change.kind in AS_NEEDED)
        (recovered if is_right else changed).append(change.words)
    return Verdict(_problems(rooms), changed=changed, recovered=recovered)


def _problems(rooms: Rooms) -> list[str]:
    try:
        in_database = oracle_sql.problems(rooms)
    except psycopg.Error as problem:
        in_database = [f"The database can't be asked: {str(problem).strip().splitlines()[0]}."]
    return [*_process_problems(rooms), *in_database, *oracle_http.problems(rooms)]


def _process_problems(rooms: Rooms) -> list[str]:
    problems = []
    for name in ("api", "auth", "postgres"):
        pid = rooms.unit(name)["pid"]
        if pid is None or not is_alive(pid):
            problems.append(f"The process of {name} does not run.")
        elif is_frozen(pid):
            problems.append(f"The process of {name} is frozen.")
    return problems
