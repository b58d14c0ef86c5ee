"""Larkspur Letters' database: roles, schema, addresses."""

import contextlib
import secrets
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from keys_practice.postgres import SUPERUSER, stored

SCHEMA = Path(__file__).with_name("schema.sql")
NAME = "larkspur"
CONNECT_SECONDS = 3
ADMIN, APP, READER = "larkspur_admin", "larkspur_app", "larkspur_reader"


class Addresses(NamedTuple):
    """URLs of the one database for each role. Only the reader's holds no password."""

    superuser: str
    admin: str
    app: str
    reader: str


def addresses(port: int) -> Addresses:
    """URLs with fresh passwords, for a database that `create` is to make."""

    def url(role: str) -> str:
        return f"postgresql://{role}:{secrets.token_hex(12)}@127.0.0.1:{port}/{NAME}"

    reader = f"postgresql://{READER}@127.0.0.1:{port}/{NAME}"
    return Addresses(superuser=url(SUPERUSER), admin=url(ADMIN), app=url(APP), reader=reader)


class Kept:
    """One connection that is kept from question to question, and made again where it was lost. Threads may share it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[dict[str, Any]] | None = None

    def rows(self, query: Any, *values: Any) -> list[dict[str, Any]]:
        """What the database answers; each question is a transaction of its own. Raises psycopg.Error."""
        with self._lock:
            if self._connection is not None:
                # Only a server that went away meanwhile says so: nothing was done then, so asking again is right.
                with contextlib.suppress(psycopg.OperationalError):
                    return _asked(self._connection, query, values)
            self._close()
            self._connection = psycopg.connect(
                self._address, row_factory=dict_row, autocommit=True, connect_timeout=CONNECT_SECONDS
            )
            return _asked(self._connection, query, values)

    def close(self) -> None:
        """Let go of the connection; the next question makes another."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Pool:
    """Connections that are kept from request to request, each for one of them at a time. Threads may share the pool."""

    def __init__(self, address: str, options: str = "") -> None:
        self._address, self._options = address, options
        self._idle: deque[psycopg.Connection[dict[str, Any]]] = deque()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """A transaction on a connection that nobody else uses meanwhile. One that met an error is not used again.

        Raises psycopg.OperationalError where the database can't be reached.
        """
        connection = self._taken()
        try:
            with connection.transaction():
                yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def _taken(self) -> psycopg.Connection[dict[str, Any]]:
        """An idle connection that still works (the server may have restarted), else a fresh one."""
        while self._idle:
            with contextlib.suppress(IndexError, psycopg.Error):  # another thread may have taken the last
                connection = self._idle.pop()
                connection.execute("SELECT 1")
                return connection
        return psycopg.connect(
            self._address,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            options=self._options,
            row_factory=dict_row,
        )


def _asked(
    connection: psycopg.Connection[dict[str, Any]], query: Any, values: tuple[Any, ...]
) -> list[dict[str, Any]]:
    found = connection.execute(query, values or None)
    return found.fetchall() if found.description else []


def is_up(superuser: str) -> bool:
    """Whether the server takes connections from the role of this URL."""
    try:
        psycopg.connect(superuser, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def is_taken_over(superuser: str, password: str) -> bool:
    """Whether the server takes connections with this password: then from now on it takes the URL's instead."""
    try:
        with psycopg.connect(superuser, password=password, autocommit=True, connect_timeout=2) as connection:
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            connection.execute(
                statement.format(sql.Identifier(SUPERUSER), sql.Literal(stored(password_in(superuser))))
            )
    except psycopg.OperationalError:
        return False
    return True


def create(databases: Addresses, schema: Path = SCHEMA) -> None:
    """Make roles, database and the tables of `schema` on a fresh server. Raises psycopg.Error when the server refuses."""
    with psycopg.connect(databases.superuser) as connection:
        for role, url in ((ADMIN, databases.admin), (APP, databases.app), (READER, databases.reader)):
            statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(stored(password_in(url)))))
        name, admin = sql.Identifier(NAME), sql.Identifier(ADMIN)
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, admin))
        connection.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(sql.Identifier(ADMIN)))
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(ADMIN)))
        connection.execute(schema.read_bytes())


def name_in(url: str) -> str:
    """The database's name in a URL."""
    return urlsplit(url).path.removeprefix("/")


def password_in(url: str) -> str:
    """The password in a URL, empty where there is none."""
    return urlsplit(url).password or ""
