"""SQL stands in `.sql` files; this reads them, and frames what must happen as one."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BATCH = 1000
"""Rows that are read at a time."""

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def named(path: Path) -> dict[str, str]:
    """The queries of a file by the names that their `-- name:` lines give them."""
    _, *parts = _NAME.split(path.read_text(encoding="utf-8"))
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


def statements(script: str) -> Iterator[str]:
    """The statements of a script one by one, so that they can run inside one transaction (`executescript` commits)."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


def batches(connection: sqlite3.Connection, query: str, given: Sequence[Any] = ()) -> Iterator[list[Any]]:
    """The rows of a query, so many at a time that a journal of years needs no more memory than one of a day."""
    cursor = connection.execute(query, given)
    while rows := cursor.fetchmany(BATCH):
        yield rows


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and alone: the write lock is taken before anything is read."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # after some errors SQLite has rolled back by itself
            connection.execute("ROLLBACK")
        raise


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is read within is of one moment, whatever other processes write meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
