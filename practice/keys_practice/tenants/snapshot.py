"""What of the letters rooms a run may touch only with reason, as facts that can be compared.

Kinds of fact that a right recovery may change: policy, grant, rls, fence (the policies named breach_fence…), undo (what
`accessctl` keeps), register (of releases), api and auth (the processes), auth-settings. No recovery needs to change
the others: rows, schema, role, function, record, file, api-settings, other-process, other-grant.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg

from keys_practice import keeper_client
from keys_practice.processes import started_at_ticks
from keys_practice.tenants.layout import RoomsLayout
from keys_practice.tenants.rooms import Rooms

ABSENT = "nothing"
TABLES = ("tenants", "members", "drafts", "subscribers", "announcements")
CLIENTS = ("anon", "authenticated", "PUBLIC")
IN_DATABASE = "database: "

_WHOLE = {
    ("rows", "the people who can sign in"): "SELECT u::text FROM auth.users u ORDER BY 1",
    ("register", "the register of releases"): "SELECT r::text FROM access_register.releases r ORDER BY 1",
    ("schema", "the columns"): (
        "SELECT concat_ws(' ', table_schema, table_name, column_name, data_type, is_nullable)"
        " FROM information_schema.columns WHERE table_schema IN ('public', 'auth', 'access_register') ORDER BY 1"
    ),
    ("role", "the roles"): "SELECT a::text FROM pg_authid a ORDER BY 1",
    ("role", "the members of roles"): (
        "SELECT roleid::regrole::text, member::regrole::text, admin_option FROM pg_auth_members ORDER BY 1, 2"
    ),
    ("function", "the functions of auth"): (
        "SELECT proname, prosrc, prosecdef FROM pg_proc WHERE pronamespace = 'auth'::regnamespace ORDER BY 1"
    ),
    ("function", "the functions of public"): (
        "SELECT oid::regprocedure::text, prosrc, prosecdef, proowner FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace ORDER BY 1"
    ),
}
_POLICIES = "SELECT tablename, policyname, p::text FROM pg_policies p WHERE schemaname = 'public'"
_RLS = (
    "SELECT relname, relrowsecurity, relforcerowsecurity, relowner::regrole::text FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')"
)
_GRANTS = (
    "SELECT relname, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, privilege_type"
    " FROM pg_class, aclexplode(relacl) WHERE relnamespace = 'public'::regnamespace"
    " UNION ALL"
    " SELECT p.oid::regprocedure::text, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, privilege_type"
    " FROM pg_proc p, aclexplode(coalesce(proacl, acldefault('f', proowner)))"
    " WHERE pronamespace = 'public'::regnamespace"
)


class Fact(NamedTuple):
    """One value and what kind of change it would be if it became another one."""

    kind: str
    value: str


Facts = dict[str, Fact]


class Change(NamedTuple):
    """One fact that differs."""

    kind: str
    name: str
    now: Fact | None
    words: str


def take(rooms: Rooms) -> Facts:
    """Look at the world. Without a database the facts of the database are missing."""
    return {**dict(_of_files(rooms.layout)), **dict(_of_processes(rooms.layout)), **_of_database(rooms)}


def changes(rooms: Rooms, before: Facts) -> list[Change]:
    """What differs now from `before`. A database that could not be read in either moment is passed over."""
    now = take(rooms)
    is_comparable = _has_database(before) and _has_database(now)
    names = (name for name in sorted(before.keys() | now.keys()) if is_comparable or not _is_inside(name))
    return [
        _change(name, before.get(name), now.get(name)) for name in names if before.get(name) != now.get(name)
    ]


def with_later_break(first: Facts, before: Facts, after: Facts) -> Facts:
    """`first` with what changed between the two others: what somebody breaks later is not held against a run."""
    is_comparable = _has_database(before) and _has_database(after)
    facts = dict(first)
    for name in before.keys() | after.keys():
        if before.get(name) == after.get(name) or (_is_inside(name) and not is_comparable):
            continue
        if name in after:
            facts[name] = after[name]
        else:
            facts.pop(name, None)
    return facts


def _change(name: str, before: Fact | None, now: Fact | None) -> Change:
    kind = (before or now or Fact("", "")).kind
    was, is_now = (each.value if each else ABSENT for each in (before, now))
    return Change(kind, name, now, f"{name} was {was} and is {is_now} ({kind}).")


def _has_database(facts: Facts) -> bool:
    return any(map(_is_inside, facts))


def _is_inside(name: str) -> bool:
    return name.startswith(IN_DATABASE)


def _of_files(layout: RoomsLayout) -> Iterator[tuple[str, Fact]]:
    kinds = {
        layout.access: "record",
        layout.undo: "undo",
        layout.bin: "file",
        layout.operator.parent: "file",
        layout.api_settings.parent: "api-settings",
        layout.auth_settings.parent: "auth-settings",
    }
    for folder, kind in kinds.items():
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and path != layout.release_lock:
                yield f"file {path.relative_to(layout.folder)}", Fact(kind, _digest(path))
    yield "file units.json", Fact("file", _digest(layout.units_file))


def _of_processes(layout: RoomsLayout) -> Iterator[tuple[str, Fact]]:
    units = keeper_client.ask(layout, "status")["units"]
    for name in ("api", "auth", "postgres"):
        pid = units[name]["pid"]
        state = str(units[name]["state"])
        told = f"{state} {pid}/{started_at_ticks(pid)}" if isinstance(pid, int) else state
        yield f"the process of {name}", Fact(name if name != "postgres" else "other-process", told)


def _of_database(rooms: Rooms) -> Facts:
    try:
        with psycopg.connect(rooms.databases.superuser, connect_timeout=3) as connection:
            found = dict(_of_whole(connection)) | dict(_of_access(connection))
    except psycopg.OperationalError:
        return {}
    return {f"{IN_DATABASE}{name}": fact for name, fact in found.items()}


def _of_whole(connection: psycopg.Connection) -> Iterator[tuple[str, Fact]]:
    for (kind, name), query in _WHOLE.items():
        yield name, Fact(kind, _short(repr(connection.execute(query).fetchall())))
    for table in TABLES:
        rows = connection.execute(f"SELECT t::text FROM {table} t ORDER BY 1".encode()).fetchall()
        yield f"the rows of {table}", Fact("rows", _short(repr(rows)))


def _of_access(connection: psycopg.Connection) -> Iterator[tuple[str, Fact]]:
    for table, policy, whole in connection.execute(_POLICIES):
        kind = "fence" if policy.startswith("breach_fence") else "policy"
        yield f"policy {table}.{policy}", Fact(kind, _short(whole))
    for table, is_on, is_forced, owner in connection.execute(_RLS):
        yield f"row level security of {table}", Fact("rls", "on" if is_on else "off")
        yield f"owner of {table}", Fact("schema", f"{owner} {is_forced}")
    for table, grantee, right in connection.execute(_GRANTS):
        kind = "grant" if grantee in CLIENTS else "other-grant"
        yield f"grant {right} on {table} to {grantee}", Fact(kind, "given")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
