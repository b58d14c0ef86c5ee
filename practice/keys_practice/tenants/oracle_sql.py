"""The oracle's trials over SQL. Nothing stays: every trial ends in a rollback."""

import json
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
from psycopg import errors, sql

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
    writable_ids,
)
from keys_practice.tenants.people import Person
from keys_practice.tenants.rooms import Rooms

PROBE = "the oracle was here"
_BECOME = "SELECT set_config('role', {}, true), set_config('request.jwt.claims', {}, true)"
_BE_ONESELF = "SELECT set_config('role', 'none', true)"
DENIED = (errors.InsufficientPrivilege, errors.DataError)
"""Nobody gets through: refused, or the rules themselves end in an error."""

_ROW_SECURITY_OFF = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND NOT relrowsecurity AND relname = ANY(%s) ORDER BY 1
"""
_FENCED = "SELECT DISTINCT tablename FROM pg_policies WHERE policyname LIKE 'breach_fence%' ORDER BY 1"
_EXPOSED = """
    SELECT DISTINCT relname FROM pg_class, unnest(ARRAY['anon', 'authenticated']) client
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'p', 'f') AND relname <> ALL(%s)
    AND has_table_privilege(client, pg_class.oid, 'SELECT, INSERT, UPDATE, DELETE') ORDER BY 1
"""
_DEFINERS = """
    SELECT DISTINCT proname FROM pg_proc, unnest(ARRAY['anon', 'authenticated']) client
    WHERE pronamespace = 'public'::regnamespace AND prosecdef AND prorettype <> 'trigger'::regtype
    AND has_function_privilege(client, pg_proc.oid, 'EXECUTE') ORDER BY 1
"""


def problems(rooms: Rooms) -> list[str]:
    """Everything that is not right in the database. Raises psycopg.Error where it can't be asked."""
    with (
        psycopg.connect(rooms.databases.superuser, connect_timeout=3) as superuser,
        psycopg.connect(rooms.databases.authenticator, connect_timeout=3) as api,
    ):
        superuser.execute("SET lock_timeout = '3s'")
        return [*_structure(superuser), *_reads(api), *_writes(superuser)]


def _structure(superuser: psycopg.Connection) -> Iterator[str]:
    known = [table.name for table in TABLES]
    for (name,) in superuser.execute(_ROW_SECURITY_OFF, ([*known, "tenants"],)).fetchall():
        yield f"Row level security of {name} is off."
    for (name,) in superuser.execute(_FENCED).fetchall():
        yield f"A fence stands around {name}: what it covers is not mended."
    for (name,) in superuser.execute(_EXPOSED, (known,)).fetchall():
        yield f"{BREACH}: clients reach {name}, which is not for them."
    for (name,) in superuser.execute(_DEFINERS).fetchall():
        yield f"{BREACH}: clients may call {name}, which reads with its owner's rights."


def _reads(api: psycopg.Connection) -> Iterator[str]:
    """What the API's own login can read when it becomes each caller."""
    for caller in CALLERS:
        for table in TABLES:
            right = own_ids(table.name, caller)
            yield from compared("SQL", caller, "SELECT", table.name, _read(api, caller, table, False), right)
            if tenant_of(caller):
                forged = _read(api, caller, table, True)
                yield from compared("SQL", caller, "forged SELECT", table.name, forged, right)


def _read(api: psycopg.Connection, caller: Person | None, table: Table, is_forged: bool) -> Ids:
    try:
        api.execute(_becoming(caller, is_forged))
        rows = api.execute(sql.SQL("SELECT {} FROM {}").format(*_names(table))).fetchall()
        return frozenset(row[0] for row in rows)
    except DENIED:
        return NONE
    finally:
        api.rollback()


def _writes(superuser: psycopg.Connection) -> Iterator[str]:
    for table in TABLES:
        there = _ids(superuser, table)
        superuser.rollback()
        for caller in CALLERS:
            updated, deleted = _updated(superuser, caller, table), there - _left(superuser, caller, table)
            for command, ids in (("UPDATE", updated), ("DELETE", deleted)):
                right = writable_ids(table, caller, command)
                yield from compared("SQL", caller, command, table.name, ids, right)
            yield from _inserts(superuser, caller, table)
            if _is_moved(superuser, caller, table):
                yield f"{BREACH}: SQL, {name_of(caller)} can give rows of {table.name} to another tenant."


def _updated(superuser: psycopg.Connection, caller: Person | None, table: Table) -> Ids:
    """The rows that an UPDATE of everything reaches; it names no column, so that no policy for SELECT hides one."""
    key, name = _names(table)
    text, probe = sql.Identifier(table.text), sql.Literal(PROBE)
    update = sql.SQL("UPDATE {} SET {} = {}").format(name, text, probe)
    _try(superuser, caller, update)
    rows = superuser.execute(
        sql.SQL("SELECT {} FROM {} WHERE {} = {}").format(key, name, text, probe)
    ).fetchall()
    superuser.rollback()
    return frozenset(row[0] for row in rows)


def _left(superuser: psycopg.Connection, caller: Person | None, table: Table) -> Ids:
    """The rows that a DELETE of everything does not reach."""
    _try(superuser, caller, sql.SQL("DELETE FROM {}").format(_names(table)[1]))
    left = _ids(superuser, table)
    superuser.rollback()
    return left


def _inserts(superuser: psycopg.Connection, caller: Person | None, table: Table) -> Iterator[str]:
    own, other = tenant_of(caller), other_tenant(caller)
    what = f"SQL, {name_of(caller)}, INSERT {table.name}"
    if _try_insert(superuser, caller, table, other):
        yield f"{BREACH}: {what} for another tenant is let through."
    is_right = "INSERT" in table.writes
    if own and _try_insert(superuser, caller, table, own) != is_right:
        yield f"{LOCKOUT}: {what} is refused." if is_right else f"{EXCESS}: {what} is let through."


def _try_insert(superuser: psycopg.Connection, caller: Person | None, table: Table, tenant: UUID) -> bool:
    row = new_row(table.name, tenant, uuid4())
    columns, values = map(sql.Identifier, row), map(sql.Literal, row.values())
    comma = sql.SQL(", ")
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        _names(table)[1], comma.join(columns), comma.join(values)
    )
    is_through = _try(superuser, caller, insert)
    superuser.rollback()
    return is_through


def _is_moved(superuser: psycopg.Connection, caller: Person | None, table: Table) -> bool:
    if table.name == "announcements":
        return False
    name = _names(table)[1]
    other = sql.Literal(str(other_tenant(caller)))
    count = sql.SQL("SELECT count(*) FROM {} WHERE tenant_id = {}").format(name, other)
    before = superuser.execute(count).fetchone()
    _try(superuser, caller, sql.SQL("UPDATE {} SET tenant_id = {}").format(name, other))
    after = superuser.execute(count).fetchone()
    superuser.rollback()
    return before != after


def _try(superuser: psycopg.Connection, caller: Person | None, statement: sql.Composed) -> bool:
    """Do it as the caller, then be the superuser again. False when access was refused; another refusal is none."""
    steps = (sql.SQL("SAVEPOINT trial"), _becoming(caller, False), statement, sql.SQL(_BE_ONESELF))
    try:
        superuser.execute(sql.SQL("; ").join(steps))
    except DENIED:
        superuser.execute("ROLLBACK TO SAVEPOINT trial")
        return False
    except errors.IntegrityError:
        superuser.execute("ROLLBACK TO SAVEPOINT trial")
        return True
    return True


def _becoming(caller: Person | None, is_forged: bool) -> sql.Composed:
    """The role and the claims that the API gives to the caller's requests."""
    role = "authenticated" if caller else "anon"
    claims: dict[str, object] = {}
    if caller:
        tenant, forged = tenant_of(caller), str(other_tenant(caller))
        app = {"tenant_id": str(tenant)} if tenant else {}
        claims = {"sub": str(caller.id), "role": role, "app_metadata": app, "user_metadata": {}}
        if is_forged:
            claims |= {"tenant_id": forged, "user_metadata": {"tenant_id": forged}}
    return sql.SQL(_BECOME).format(sql.Literal(role), sql.Literal(json.dumps(claims)))


def _ids(superuser: psycopg.Connection, table: Table) -> Ids:
    rows = superuser.execute(sql.SQL("SELECT {} FROM {}").format(*_names(table))).fetchall()
    return frozenset(row[0] for row in rows)


def _names(table: Table) -> tuple[sql.Identifier, sql.Identifier]:
    return sql.Identifier(table.key), sql.Identifier("public", table.name)
