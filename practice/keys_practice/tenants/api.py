"""The API of the letters rooms in front of PostgreSQL, after PostgREST.

    GET, POST, PATCH, DELETE /rest/v1/TABLE[?COLUMN=eq.VALUE]    as the role and with the claims of the bearer's token
    GET /health                                                  200 or 503

Reads answer with the rows, writes with {"rows": how many}. `Prefer: tx=rollback` tries a write and takes it back.
401 token refused, or not allowed without one · 403 not allowed · 404 no such table · 409 constraint · 503 no database.
It reads its settings once, when it starts.
"""

import contextlib
import json
import queue
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import psycopg
from psycopg import errors, sql

from keys_practice.http_server import Reply, Request, serve
from keys_practice.service_log import ServiceLog
from keys_practice.tenants.layout import RoomsLayout
from keys_practice.tenants.tokens import Claims, TokenRefused, verify

ROLES = ("anon", "authenticated", "service_role")
CONNECT_SECONDS = 3
POOL = 8
_PATH = re.compile(r"/rest/v1/([a-z_]{1,60})")
_BECOME = "SELECT set_config('role', %s, true), set_config('request.jwt.claims', %s, true)"
_PUBLISHED = "SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = %s"


class Rooms:
    """Answers requests with one set of settings."""

    def __init__(self, settings: dict[str, Any], log: ServiceLog) -> None:
        self._database = settings["database"]
        self._secret = settings["jwt_secret"]
        self._anon_role = settings["anon_role"]
        self._idle: queue.LifoQueue[psycopg.Connection] = queue.LifoQueue(POOL)
        log.info(f"started anon-role={self._anon_role}")

    def __call__(self, request: Request) -> Reply:
        """Answer one request."""
        address = urlsplit(request.path)
        found = _PATH.fullmatch(address.path)
        try:
            if (request.method, address.path) == ("GET", "/health"):
                with self._connection() as connection:
                    connection.execute("SELECT 1")
                return Reply(200, {"status": "ok", "database": "ok"})
            if found is None:
                return Reply(404, {"message": "there is nothing at this address"})
            return self._answer(request, found[1], dict(parse_qsl(address.query)))
        except psycopg.OperationalError:
            return Reply(
                503, {"status": "failing", "database": "refused", "message": "no database connection"}
            )

    def _answer(self, request: Request, table: str, filters: dict[str, str]) -> Reply:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims = verify(token, self._secret) if token else {}
        except TokenRefused as refused:
            return Reply(401, {"code": "PGRST301", "message": str(refused)})
        role = str(claims.get("role", self._anon_role)) if token else self._anon_role
        if role not in ROLES:
            return Reply(403, {"message": "there is no such role for clients"})
        try:
            with self._connection() as connection:
                return self._in_transaction(connection, request, table, filters, (role, claims))
        except errors.InsufficientPrivilege as refused:
            return Reply(403 if token else 401, {"code": "42501", "message": _first_line(refused)})
        except errors.IntegrityError as refused:
            return Reply(409, {"code": refused.sqlstate, "message": _first_line(refused)})
        except (psycopg.DatabaseError, ValueError, TypeError) as refused:
            if isinstance(refused, psycopg.OperationalError):
                raise
            return Reply(400, {"message": _first_line(refused)})

    def _in_transaction(
        self,
        connection: psycopg.Connection,
        request: Request,
        table: str,
        filters: dict[str, str],
        caller: tuple[str, Claims],
    ) -> Reply:
        if connection.execute(_PUBLISHED, (table,)).fetchone() is None:
            return Reply(404, {"code": "42P01", "message": f"there is no table {table}"})
        role, claims = caller
        connection.execute(_BECOME, (role, json.dumps(claims)))
        cursor = connection.execute(*_statement(request, table, filters))
        rows = [row[0] for row in cursor.fetchall()] if request.method == "GET" else {"rows": cursor.rowcount}
        if request.method != "GET" and "tx=rollback" not in request.headers.get("prefer", ""):
            connection.commit()
        return Reply(201 if request.method == "POST" else 200, rows)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        """A connection of the pool that works, or a new one. What it left open is rolled back."""
        connection = self._working()
        try:
            yield connection
        finally:
            with contextlib.suppress(psycopg.Error, queue.Full):
                connection.rollback()
                self._idle.put_nowait(connection)

    def _working(self) -> psycopg.Connection:
        while True:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                return psycopg.connect(self._database, connect_timeout=CONNECT_SECONDS)
            with contextlib.suppress(psycopg.Error):
                connection.execute("SELECT 1")
                connection.rollback()
                return connection


def _statement(
    request: Request, table: str, filters: dict[str, str]
) -> tuple[sql.Composed, list[str | bytes]]:
    """The statement for a request. Names are quoted, values are bound."""
    name = sql.Identifier("public", table)
    where, values = _where(filters)
    if request.method == "GET":
        return sql.SQL("SELECT to_jsonb(t) FROM {} t{}").format(name, where), values
    if request.method == "DELETE":
        return sql.SQL("DELETE FROM {} t{}").format(name, where), values
    given = json.loads(request.body)
    if not isinstance(given, dict) or not given:
        raise ValueError("an object with columns is expected")
    if request.method == "POST":
        columns = sql.SQL(", ").join(map(sql.Identifier, given))
        places = sql.SQL(", ").join([sql.Placeholder()] * len(given))
        return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(name, columns, places), list(given.values())
    changes = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in given)
    return sql.SQL("UPDATE {} t SET {}{}").format(name, changes, where), [*given.values(), *values]


def _where(filters: dict[str, str]) -> tuple[sql.Composable, list[str | bytes]]:
    wanted = {column: text.removeprefix("eq.") for column, text in filters.items() if text.startswith("eq.")}
    if not wanted:
        return sql.SQL(""), []
    tests = (sql.SQL("t.{}::text = %s").format(sql.Identifier(column)) for column in wanted)
    return sql.SQL(" WHERE ") + sql.SQL(" AND ").join(tests), list(wanted.values())


def _first_line(problem: Exception) -> str:
    return (str(problem) or type(problem).__name__).splitlines()[0]


def main(folder: Path, arguments: list[str]) -> int:
    """Serve until ended. Argument: the port."""
    layout = RoomsLayout(folder)
    settings = json.loads(layout.api_settings.read_text("utf-8"))
    serve(int(arguments[0]), Rooms(settings, ServiceLog(folder / "api.log")))
    return 0
