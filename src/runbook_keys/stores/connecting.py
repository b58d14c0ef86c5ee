"""The journal's file: made for its owner alone, opened for writing or only for reading, brought up to date."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from runbook_keys.stores import failures, schema
from runbook_keys.stores.making import making

_SETTINGS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",  # else INSERT OR REPLACE would delete without asking the triggers
    "PRAGMA secure_delete = ON",  # an erased blob is overwritten, not only forgotten
    "PRAGMA trusted_schema = OFF",
    "PRAGMA page_size = 2048",  # two or three pages are flushed per append; smaller ones are flushed sooner
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 200",  # a short log is soon written over in place, and that is faster than growing
)


def make_private(path: Path) -> None:
    """The empty file and its folder for us alone; SQLite gives its side files the mode of the main one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # the name of a new file survives a power loss only when its folder is flushed
        finally:
            os.close(folder)


def connected(path: Path, factory: type[sqlite3.Connection]) -> sqlite3.Connection:
    """A connection for writing; where this login may not write, for reading: whoever may only look must still be able to."""
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return _connected_for_reading(path, factory)
    connection = sqlite3.connect(path, timeout=failures.BUSY_SECONDS, isolation_level=None, factory=factory)
    connection.text_factory = _readable
    try:
        if schema.is_current(connection, path):
            _set_up(connection)
            return connection
        with making(
            path
        ):  # the change to WAL does not wait for others by itself: SQLite says "locked" at once
            _set_up(connection)
            schema.bring_up(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _connected_for_reading(path: Path, factory: type[sqlite3.Connection]) -> sqlite3.Connection:
    """A connection on which every write fails, as SQLite says it: read-only."""
    # Without a right to the folder SQLite can't make the side files that it needs beside others who write. While none
    # are there nobody writes, and it may take the file as it stands.
    side_file = path.with_name(f"{path.name}-wal")
    how = "mode=ro" if side_file.exists() else "mode=ro&immutable=1"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        timeout=failures.BUSY_SECONDS,
        isolation_level=None,
        factory=factory,
        uri=True,
    )
    connection.text_factory = _readable
    try:
        schema.refuse_older(connection, path)
        connection.execute("PRAGMA trusted_schema = OFF")
    except BaseException:
        connection.close()
        raise
    return connection


def _readable(text: bytes) -> str:
    """Bytes that somebody put in the place of a text are shown as damage, and don't keep `keys verify` from looking."""
    return text.decode("utf-8", "backslashreplace")


def _set_up(connection: sqlite3.Connection) -> None:
    for setting in _SETTINGS:
        connection.execute(setting)
