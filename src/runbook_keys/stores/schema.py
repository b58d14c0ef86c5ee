"""The shape of the SQLite journal and how an older file reaches it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from runbook_keys.errors import JournalUnavailable
from runbook_keys.model.entry import Strange
from runbook_keys.stores.queries import snapshot, statements, transaction

APPLICATION_ID = 0x4B455953  # "KEYS": `file` and SQLite's own tools show whose file it is
MIGRATIONS = tuple(sorted(Path(__file__).with_name("migrations").glob("*.sql")))
VERSION = len(MIGRATIONS)
_STATISTICS = {("table", "sqlite_stat1"), ("table", "sqlite_stat4")}


def is_current(connection: sqlite3.Connection, path: Path) -> bool:
    """True where nothing is to be done; looking changes nothing, not even an empty file.

    Raises JournalUnavailable for a file of a newer KEYS or of another program.
    """
    with snapshot(connection):
        return _version(connection, path) == VERSION


def refuse_older(connection: sqlite3.Connection, path: Path) -> None:
    """Raises JournalUnavailable for a file that would have to be brought up first, and what `is_current` raises."""
    if not is_current(connection, path):
        raise JournalUnavailable(
            f"An older KEYS wrote the journal {path}, and it is read-only here. Have its owner run `keys runs` once."
        )


def bring_up(connection: sqlite3.Connection, path: Path) -> None:
    """Make an empty or older file current, whole or not at all. Raises what `is_current` raises; nothing is changed then."""
    with transaction(connection):  # another process may have been faster since somebody looked
        for migration in MIGRATIONS[_version(connection, path) :]:
            for statement in statements(migration.read_text(encoding="utf-8")):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def strange(connection: sqlite3.Connection) -> Strange:
    """What of the file's tables and triggers is not as KEYS makes them.

    A view in the place of a table could show other rows to whoever verifies than to whoever reads.
    """
    found, expected = _objects(connection), _expected()
    changed = [each for each, text in found.items() if expected.get(each) != text]
    gone = [each for each in expected if each not in found]
    return Strange(
        tuple(changed),
        tuple((kind, name) for kind, name in gone if kind != "trigger"),
        tuple(name for kind, name in gone if kind == "trigger"),
    )


def _objects(connection: sqlite3.Connection) -> Mapping[tuple[str, str], str]:
    """Tables, views, triggers and indexes with their texts; what SQLite makes by itself has none, or changes no answer."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {(kind, name): text for kind, name, text in rows if (kind, name) not in _STATISTICS}


@cache
def _expected() -> Mapping[tuple[str, str], str]:
    connection = sqlite3.connect(":memory:")
    try:
        for migration in MIGRATIONS:
            connection.executescript(migration.read_text(encoding="utf-8"))
        return _objects(connection)
    finally:
        connection.close()


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Call it inside a transaction: read apart, the answers may be from before and after another process made the file."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise JournalUnavailable(
            f"A newer KEYS wrote the journal {path} (shape {version}; this one knows {VERSION}). Upgrade KEYS, then try again."
        )
    if _is_foreign(connection, version):
        raise JournalUnavailable(
            f"The file {path} belongs to another program. Choose another place for the journal."
        )
    return version


def _is_foreign(connection: sqlite3.Connection, version: int) -> bool:
    if version:
        return bool(connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID)
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
