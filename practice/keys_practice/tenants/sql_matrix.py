"""The matrix over SQL: as the members of every customer, by the claims that their token would bring.

Every write is really tried, in a transaction that is always rolled back. Only so can a policy be found that lets
somebody write rows that they can't see.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
from psycopg import errors, sql
from psycopg.pq import TransactionStatus

from keys_practice.tenants.cells import Cell, Reach, judged, unknown
from keys_practice.tenants.contract import COMMANDS, Contract, Table

PROBE = "a probe that is rolled back"
FORGERS = 3
PATIENCE = 2  # trials of one table that take too long; after them the rest of that table is unknown

MOST_MEMBERS = 200
"""Each of them is tried: a policy may lock out one member and nobody else. Nobody knows of the others."""
_MEMBERS = """
    SELECT t.name, m.role, m.tenant_id::text, m.user_id::text
    FROM members m JOIN tenants t ON t.id = m.tenant_id
    ORDER BY row_number() OVER (PARTITION BY m.tenant_id ORDER BY m.user_id), m.tenant_id LIMIT %s
"""
_BECOME = (
    "SAVEPOINT probe; SELECT set_config('role', {}, true), set_config('request.jwt.claims', {}, true),"
    " set_config('statement_timeout', '1s', true)"
)
_BE_ONESELF = "SELECT set_config('role', 'none', true)"

_FOREIGN = "SELECT to_jsonb(t) FROM {} t WHERE NOT {} LIMIT 1"

Row = dict[str, Any]
Counts = tuple[int, int]
"""Of the caller's own rows, and of rows that are not."""


class Caller(NamedTuple):
    """Somebody who asks: a client role, claims, and the tenant whose rows are theirs."""

    name: str
    role: str
    claims: dict[str, Any]
    tenant: str | None


def callers(connection: psycopg.Connection) -> list[Caller]:
    """A stranger, a newcomer, members of every customer by turns, and members who forge what they may write."""
    rows = connection.execute(_MEMBERS, (MOST_MEMBERS,)).fetchall()
    members = [
        Caller(f"{role} {user[:8]} of {name}", "authenticated", _claims(user, tenant), tenant)
        for name, role, tenant, user in rows
    ]
    newcomer = Caller("a newcomer", "authenticated", _claims(str(uuid4()), None), None)
    return [Caller("a stranger", "anon", {}, None), newcomer, *members, *_forgers(members)]


def cells(connection: psycopg.Connection, contract: Contract) -> Iterator[Cell]:
    """Try everything and leave no trace. The connection's role sees all rows, and may become a client.

    A trial that ends in an error is an unknown cell, and the others are still tried: one policy that fails must not
    hide another that is open. Raises psycopg.Error where the database does not answer.
    """
    untried = _untried(connection)
    for table in contract.tables.values():
        if untried:
            yield unknown(
                "sql", untried, table.name, "SELECT", table.allowed["authenticated"]["SELECT"], "nobody tried"
            )
        too_long = 0
        for caller in callers(connection):
            trial = _Trial(connection, caller, table)
            for command in COMMANDS:
                place = ("sql", caller.name, table.name, command, table.allowed[caller.role][command])
                if too_long == PATIENCE:
                    yield unknown(*place, "trials of this table take too long")
                    continue
                try:
                    yield judged(*place, trial.reach(command))
                except psycopg.Error as problem:
                    if connection.info.transaction_status != TransactionStatus.INTRANS:
                        raise
                    too_long += isinstance(problem, errors.QueryCanceled)
                    yield unknown(*place, str(problem).splitlines()[0])


def _untried(connection: psycopg.Connection) -> str:
    """The members who are too many to be tried, in words; nothing where everybody is."""
    row = connection.execute("SELECT count(*) FROM members").fetchone()
    left = (row[0] if row else 0) - MOST_MEMBERS
    return f"{left} more members" if left > 0 else ""


def limit_time(connection: psycopg.Connection) -> None:
    """Let nobody wait long for what happens in the rest of the transaction."""
    connection.execute("SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '10s'")


def counts(connection: psycopg.Connection, table: Table, tenant: str | None) -> tuple[int, int]:
    """How many rows are the tenant's own, and how many are not."""
    row = connection.execute(_counting(table, tenant, sql.SQL("true"))).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def samples(connection: psycopg.Connection, table: Table, tenant: str | None) -> dict[str, Row]:
    """A row of the caller's (`own`) and one that is not (`foreign`), as far as there are any, each with a fresh id."""
    found = {}
    for name, condition in (("own", "SELECT to_jsonb(t) FROM {} t WHERE {} LIMIT 1"), ("foreign", _FOREIGN)):
        query = sql.SQL(condition).format(_name(table), _is_own(table, tenant))
        row = connection.execute(query).fetchone()
        if row:
            found[name] = {**row[0], table.id_column: str(uuid4())}
    return found


class _Trial:
    """What one caller reaches in one table."""

    def __init__(self, connection: psycopg.Connection, caller: Caller, table: Table) -> None:
        self._connection = connection
        self._caller = caller
        self._table = table
        self._own, self._foreign = counts(connection, table, caller.tenant)
        self._samples = samples(connection, table, caller.tenant)

    def reach(self, command: str) -> Reach:
        """Try the command on every row that the caller can reach."""
        tries = {
            "SELECT": self._select,
            "INSERT": self._insert,
            "UPDATE": self._update,
            "DELETE": self._delete,
        }
        reached = tries[command]()
        there = int("own" in self._samples) if command == "INSERT" else self._own
        return Reach(0, 0, there, is_refused=True) if reached is None else Reach(*reached, there)

    def _select(self) -> Counts | None:
        return self._tried(self._counting(sql.SQL("true")))

    def _insert(self) -> Counts | None:
        allowed = {
            name for name, row in self._samples.items() if self._tried(self._inserting(row)) is not None
        }
        return (int("own" in allowed), int("foreign" in allowed)) if allowed else None

    def _update(self) -> Counts | None:
        # Without WHERE: with one, PostgreSQL asks the policies for SELECT as well, and hides what a bare UPDATE reaches.
        changed = sql.SQL("{} = {}").format(sql.Identifier(self._table.text_column), sql.Literal(PROBE))
        update = sql.SQL("UPDATE {} SET {}").format(_name(self._table), changed)
        reached, moved = self._tried(update, self._counting(changed)), self._moved()
        return reached if not moved else ((reached or (0, 0))[0], (reached or (0, 0))[1] + moved)

    def _moved(self) -> int:
        """How many of their own rows the caller can give to another tenant."""
        column, other = self._table.tenant_column, self._samples.get("foreign")
        if not column or not other:
            return 0
        update = sql.SQL("UPDATE {} SET {} = {}").format(
            _name(self._table), sql.Identifier(column), sql.Literal(other[column])
        )
        left = self._tried(update, self._counting(sql.SQL("true")))
        return 0 if left is None else max(0, self._own - left[0])

    def _delete(self) -> Counts | None:
        left = self._tried(
            sql.SQL("DELETE FROM {}").format(_name(self._table)), self._counting(sql.SQL("true"))
        )
        return None if left is None else (self._own - left[0], self._foreign - left[1])

    def _tried(self, statement: sql.Composed, measure: sql.Composed | None = None) -> Counts | None:
        """Do it as the caller, count as oneself, take it back. None: access was refused.

        A row that another constraint refuses has passed access.
        """
        claims = json.dumps(self._caller.claims)
        become = sql.SQL(_BECOME).format(sql.Literal(self._caller.role), sql.Literal(claims))
        measured = () if measure is None else (sql.SQL(_BE_ONESELF), measure)
        try:
            # In one message: there are hundreds of trials, and asking takes longer than trying.
            cursor = self._connection.execute(sql.SQL("; ").join((become, statement, *measured)))
            while cursor.nextset():
                pass
            row = cursor.fetchone() if cursor.description else None
            return (row[0], row[1]) if row else (0, 0)
        except errors.InsufficientPrivilege:
            return None
        except errors.IntegrityError:
            return (0, 0)
        finally:
            self._connection.execute("ROLLBACK TO SAVEPOINT probe")

    def _counting(self, condition: sql.Composable) -> sql.Composed:
        return _counting(self._table, self._caller.tenant, condition)

    def _inserting(self, row: Row) -> sql.Composed:
        columns, values = map(sql.Identifier, row), map(sql.Literal, row.values())
        insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})")
        comma = sql.SQL(", ")
        return insert.format(_name(self._table), comma.join(columns), comma.join(values))


def _counting(table: Table, tenant: str | None, condition: sql.Composable) -> sql.Composed:
    query = sql.SQL(
        "SELECT count(*) FILTER (WHERE {own}), count(*) FILTER (WHERE NOT {own}) FROM {name} WHERE {where}"
    )
    return query.format(own=_is_own(table, tenant), name=_name(table), where=condition)


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier("public", table.name)


def _is_own(table: Table, tenant: str | None) -> sql.Composable:
    """A condition on rows: they are the tenant's own, or published for everybody."""
    if table.published_column:
        return sql.Identifier(table.published_column)
    if table.tenant_column is None or tenant is None:
        return sql.SQL("false")
    return sql.SQL("{} = {}").format(sql.Identifier(table.tenant_column), sql.Literal(tenant))


def _claims(user: str, tenant: str | None) -> Row:
    app = {"tenant_id": tenant} if tenant else {}
    return {"sub": user, "role": "authenticated", "app_metadata": app, "user_metadata": {}}


def _forgers(members: list[Caller]) -> list[Caller]:
    """Members who write another tenant's id wherever a user may write."""
    return [
        each._replace(
            name=f"{each.name} who claims to be another's",
            claims={**each.claims, "tenant_id": other.tenant, "user_metadata": {"tenant_id": other.tenant}},
        )
        for each in members
        if (other := next((one for one in members if one.tenant != each.tenant), None))
    ][:FORGERS]
