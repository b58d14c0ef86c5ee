"""What access is in the database now: row level security, policies and grants of every table that clients may reach.

A state is a plain object that can be kept as JSON and put in place again.
"""

import re
from typing import Any

import psycopg
from psycopg import sql

from keys_practice.tenants.contract import CLIENTS, Contract

State = dict[str, dict[str, Any]]
"""For each relation of the schema public: `rls`, `policies` (name to CREATE POLICY), `grants` (of clients, sorted).

A function that runs with its owner's rights stands among them as `NAME(TYPES)`: it reads past every policy.
"""

_RELATIONS = """
    SELECT relname, relrowsecurity, relkind FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
"""
_POLICIES = """
    SELECT tablename, policyname, format(
        'CREATE POLICY %I ON public.%I AS %s FOR %s TO %s%s%s', policyname, tablename, permissive, cmd,
        (SELECT string_agg(CASE r WHEN 'public' THEN 'PUBLIC' ELSE quote_ident(r) END, ', ' ORDER BY r)
            FROM unnest(roles) r),
        ' USING (' || qual || ')', ' WITH CHECK (' || with_check || ')')
    FROM pg_policies WHERE schemaname = 'public'
"""
_GRANTS = """
    SELECT relname, privilege || ' ON public.' || quote_ident(relname) || ' TO ' || grantee FROM (
        SELECT c.relname, a.privilege_type AS privilege, a.grantee
        FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT c.relname, a.privilege_type || format(' (%I)', t.attname), a.grantee
        FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
        WHERE c.relnamespace = 'public'::regnamespace AND NOT t.attisdropped
    ) g (relname, privilege, oid), LATERAL (
        SELECT CASE WHEN oid = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(oid) END
    ) n (grantee) WHERE grantee IN ('anon', 'authenticated', 'PUBLIC') ORDER BY 2
"""
# Nobody can call a trigger's function. Where nothing was granted or revoked yet, everybody may call a new function.
_DEFINERS = """
    SELECT p.oid::regprocedure::text, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END
    FROM pg_proc p LEFT JOIN LATERAL (
        SELECT * FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner)))
    ) a ON a.grantee = 0 OR pg_get_userbyid(a.grantee) IN ('anon', 'authenticated')
    WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
        AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) ORDER BY 1, 2
"""
_MEMBERSHIPS = """
    SELECT m.rolname, array_agg(r.rolname::text ORDER BY r.rolname)
    FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid
    WHERE m.rolname = ANY(%s) GROUP BY m.rolname
"""
_BYPASSING = (
    "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND (rolbypassrls OR rolsuper OR rolcanlogin)"
)
_BODIES = """
    SELECT n.nspname || '.' || p.proname, p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'auth'
"""


def read(connection: psycopg.Connection) -> State:
    """The state of now, from the catalogue."""
    state: State = {
        name: {"rls": is_on, "is_table": kind in ("r", "p"), "policies": {}, "grants": []}
        for name, is_on, kind in connection.execute(_RELATIONS)
    }
    for table, policy, statement in connection.execute(_POLICIES):
        state[table]["policies"][policy] = statement
    for relation, grant in connection.execute(_GRANTS):
        state.get(relation, {"grants": []})["grants"].append(grant)
    for function, client in connection.execute(_DEFINERS):
        empty = {"rls": False, "is_table": False, "policies": {}, "grants": []}
        grants = state.setdefault(function, empty)["grants"]
        grants += [f"EXECUTE ON FUNCTION {function} TO {client}"] if client else []
    return state


def put(connection: psycopg.Connection, state: State) -> None:
    """Make access what the state says, for everything in it that differs. Row level security is put on and never off."""
    now = read(connection)
    for name, wanted in state.items():
        if now.get(name) == wanted:
            continue
        clear(connection, name)
        relation = sql.Identifier("public", name)
        if wanted["rls"]:
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(relation))
        for statement in wanted["policies"].values():
            connection.execute(statement.encode())
        for grant in wanted["grants"]:
            connection.execute(f"GRANT {grant}".encode())


def clear(connection: psycopg.Connection, relation: str) -> None:
    """Drop a relation's policies and take its grants from clients. Without either nobody sees a row of it.

    A function, which stands as `NAME(TYPES)`, has grants alone.
    """
    if relation.endswith(")"):
        connection.execute(f"REVOKE ALL ON FUNCTION {relation} FROM PUBLIC, anon, authenticated".encode())
        return
    query = "SELECT policyname FROM pg_policies WHERE schemaname = 'public' AND tablename = %s"
    name = sql.Identifier("public", relation)
    for (policy,) in connection.execute(query, (relation,)).fetchall():
        connection.execute(sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(policy), name))
    connection.execute(sql.SQL("REVOKE ALL ON {} FROM PUBLIC, anon, authenticated").format(name))


def differences(now: State, released: State) -> dict[str, list[str]]:
    """How access differs from what was released: names of policies as `TABLE.POLICY`, and grants."""
    found: dict[str, list[str]] = {
        name: []
        for name in (
            "missing_policies",
            "changed_policies",
            "extra_policies",
            "missing_grants",
            "extra_grants",
            "rls_off",
        )
    }
    for table, wanted in released.items():
        here = now.get(table, {"rls": False, "policies": {}, "grants": []})
        _compare_policies(table, here["policies"], wanted["policies"], found)
        found["missing_grants"] += sorted(set(wanted["grants"]) - set(here["grants"]))
        found["extra_grants"] += sorted(set(here["grants"]) - set(wanted["grants"]))
        found["rls_off"] += [table] if wanted["rls"] and not here["rls"] else []
    return found


def removed(before: State, after: State) -> list[str]:
    """The policies that are gone or changed, as they stood: whoever reads them can tell whom they let in."""
    return [
        statement
        for table, each in sorted(before.items())
        for name, statement in sorted(each["policies"].items())
        if after.get(table, {"policies": {}})["policies"].get(name) != statement
    ]


def exposed(now: State, contract: Contract) -> list[str]:
    """Relations, and functions with their owner's rights, that clients may reach and the contract does not know."""
    known = contract.tables.keys() | contract.definers
    return sorted(name for name, each in now.items() if name not in known and each["grants"])


def platform_changes(connection: psycopg.Connection, contract: Contract) -> list[str]:
    """What differs in roles and in the functions that policies call: nothing that an access release may set right."""
    memberships: dict[str, list[str]] = dict(
        connection.execute(_MEMBERSHIPS, (list(contract.roles),)).fetchall()
    )
    changed = [
        f"{role} is a member of {', '.join(memberships.get(role, [])) or 'nothing'}"
        for role, wanted in contract.roles.items()
        if memberships.get(role, []) != wanted
    ]
    bypassing = connection.execute(_BYPASSING, (list(CLIENTS),)).fetchall()
    changed += [f"{role} may log in, or passes over row level security" for (role,) in bypassing]
    bodies = {name: _squeezed(body) for name, body in connection.execute(_BODIES)}
    changed += [
        f"the function {name} was changed"
        for name, body in contract.functions.items()
        if bodies.get(name) != body
    ]
    return changed


def _compare_policies(
    table: str, here: dict[str, str], wanted: dict[str, str], found: dict[str, list[str]]
) -> None:
    found["missing_policies"] += [f"{table}.{name}" for name in sorted(wanted.keys() - here.keys())]
    found["extra_policies"] += [f"{table}.{name}" for name in sorted(here.keys() - wanted.keys())]
    both = sorted(here.keys() & wanted.keys())
    found["changed_policies"] += [f"{table}.{name}" for name in both if here[name] != wanted[name]]


def _squeezed(body: str) -> str:
    return re.sub(r"\s+", " ", body).strip()
