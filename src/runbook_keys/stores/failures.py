"""What went wrong with the journal's file, in an operator's words."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from runbook_keys.errors import JournalDamaged, JournalUnavailable, KeysError

BUSY_SECONDS = 5.0
"""How long a writer waits for another one."""

_REASONS = {
    sqlite3.SQLITE_FULL: "no space left on the disk that holds {path}",
    sqlite3.SQLITE_READONLY: "{path} is read-only",
    sqlite3.SQLITE_PERM: "access to {path} is denied",
    sqlite3.SQLITE_CANTOPEN: "{path} can't be opened",
    sqlite3.SQLITE_IOERR: "the disk that holds {path} reports an input/output error",
}
_MENDS = {
    sqlite3.SQLITE_FULL: "Free space",
    sqlite3.SQLITE_READONLY: "Make it writable",
    sqlite3.SQLITE_PERM: "Make it writable",
    sqlite3.SQLITE_CANTOPEN: "Check the folder and its permissions",
    sqlite3.SQLITE_IOERR: "Check the disk",
}
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT)


def is_busy(error: sqlite3.Error) -> bool:
    """True when another writer kept the journal for too long; nothing was written then, and trying again is safe."""
    return _primary(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def busy(path: Path) -> JournalUnavailable:
    """What to raise when the write lock was not to be had."""
    return JournalUnavailable(
        f"Another program has kept the journal locked for {BUSY_SECONDS:.0f} seconds: {path}. "
        "Nothing new was started. Try again."
    )


def of_reading(error: sqlite3.Error, path: Path) -> KeysError:
    """What to raise when the journal can't be opened or read."""
    if is_busy(error):
        return busy(path)
    if _primary(error) in _DAMAGED:
        return _damaged(error, path, "")
    return JournalUnavailable(
        f"The journal can't be used: {_reason(error, path)}. {_mend(error)}, then try again."
    )


def of_writing(error: sqlite3.Error, path: Path, run: str, is_there: bool) -> KeysError:
    """What to raise when an append failed. `is_there` says that it can be read back all the same."""
    what = " The last entry can be read back, but may not survive a power loss." if is_there else ""
    what += " Nothing new was started."
    if _primary(error) in _DAMAGED:
        return _damaged(error, path, what)
    return JournalUnavailable(
        f"The journal can't be written: {_reason(error, path)}.{what} {_mend(error)}, then `keys resume {run}`."
    )


def _damaged(error: sqlite3.Error, path: Path, what: str) -> JournalDamaged:
    return JournalDamaged(
        f"The journal's file is damaged: {path} ({error}).{what} Keep a copy, then restore a backup. "
        "An incident need not wait: `KEYS_HOME=NEW-FOLDER keys run SLUG` begins a journal of its own."
    )


def _reason(error: sqlite3.Error, path: Path) -> str:
    return _REASONS.get(_primary(error), "{path}: {error}").format(path=path, error=error)


def _mend(error: sqlite3.Error) -> str:
    return _MENDS.get(_primary(error), "Find the cause")


def _primary(error: sqlite3.Error) -> int:
    """SQLite's primary result code (the extended one says more than an operator needs); 0 if there is none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
