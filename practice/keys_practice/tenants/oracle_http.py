"""The oracle's trials over HTTP: everybody signs in and asks the API, as their browser would."""

import json
from collections.abc import Iterator
from uuid import UUID, uuid4

from keys_practice import http_client
from keys_practice.errors import Unreachable
from keys_practice.tenants import people
from keys_practice.tenants.oracle_rights import (
    BREACH,
    CALLERS,
    EXCESS,
    LOCKOUT,
    NONE,
    TABLES,
    Ids,
    Table,
    compared,
    name_of,
    new_row,
    other_tenant,
    own_ids,
    tenant_of,
)
from keys_practice.tenants.people import Person
from keys_practice.tenants.rooms import Rooms


def problems(rooms: Rooms) -> list[str]:
    """Everything that is not right for somebody who comes over HTTP."""
    found: list[str] = []
    for caller in CALLERS:
        try:
            found += _problems_of(rooms, caller)
        except Unreachable as problem:
            return [*found, f"{LOCKOUT}: HTTP, {name_of(caller)}: {problem}."]
    return found


def _problems_of(rooms: Rooms, caller: Person | None) -> list[str]:
    headers = {}
    if caller:
        answer = rooms.sign_in(caller)
        if answer.status != 200:
            return [f"{LOCKOUT}: {caller.name} can't sign in ({answer.status})."]
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    url = f"{rooms.layout.facts()['api_url']}/rest/v1"
    found: list[str] = []
    for table in TABLES:
        right = own_ids(table.name, caller)
        found += compared("HTTP", caller, "GET", table.name, _seen(url, headers, table), right)
        if caller is None or caller.is_watch:
            found += _writes(url, headers, caller, table)
    return found


def _seen(url: str, headers: dict[str, str], table: Table) -> Ids:
    answer = http_client.call("GET", f"{url}/{table.name}", headers=headers, seconds=5)
    return frozenset(UUID(row[table.key]) for row in answer.json()) if answer.status == 200 else NONE


def _writes(url: str, headers: dict[str, str], caller: Person | None, table: Table) -> Iterator[str]:
    """Each write with a row of one's own and with one of another's; all are taken back."""
    for command, method in (("INSERT", "POST"), ("UPDATE", "PATCH"), ("DELETE", "DELETE")):
        for is_own in (True, False):
            row = _row(caller, table, command, is_own)
            if row is None:
                continue
            is_right = is_own and caller is not None and command in table.writes
            is_through = _try(url, headers, table, method, row)
            if is_through and not is_right:
                yield f"{EXCESS if is_own else BREACH}: HTTP, {name_of(caller)}, {command} {table.name} is let through."
            if is_right and not is_through:
                yield f"{LOCKOUT}: HTTP, {name_of(caller)}, {command} {table.name} is refused."


def _row(caller: Person | None, table: Table, command: str, is_own: bool) -> dict[str, str] | None:
    """What is written: a new row, or the key of one that is there. None where there is no such row."""
    if command == "INSERT":
        tenant = tenant_of(caller) if is_own else other_tenant(caller)
        return new_row(table.name, tenant, uuid4()) if tenant else None
    keys = own_ids(table.name, caller) if is_own else _foreign(table, caller)
    return {table.key: str(min(keys))} if keys else None


def _foreign(table: Table, caller: Person | None) -> Ids:
    if table.name == "announcements":
        return frozenset(key for key, _, is_out in people.announcements() if not is_out)
    others = (each for each in people.PEOPLE if each.tenant and (not caller or each.tenant != caller.tenant))
    return own_ids(table.name, next(others))


def _try(url: str, headers: dict[str, str], table: Table, method: str, row: dict[str, str]) -> bool:
    """Whether access let the write through. A row that only a constraint refuses was let through."""
    trial = {**headers, "Prefer": "tx=rollback", "Content-Type": "application/json"}
    where = "" if method == "POST" else f"?{table.key}=eq.{row[table.key]}"
    body = {"POST": row, "PATCH": {table.text: "x"}}.get(method)
    content = json.dumps(body).encode() if body else b""
    answer = http_client.call(method, f"{url}/{table.name}{where}", content, trial, 5)
    if method == "POST":
        return answer.status in (201, 409)
    return answer.status == 200 and answer.json()["rows"] > 0
