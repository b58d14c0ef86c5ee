"""What went wrong with the journal's file, in an operator's words."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
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
_CHUNK_BYTES = 1 << 20
_MENDS_OF_SYSTEM = {
    errno.ENOSPC: "Free space",
    errno.EROFS: "Make it writable",
    errno.EACCES: "Make it writable",
    errno.EIO: "Check the disk",
}


def is_busy(error: sqlite3.Error) -> bool:
    """True when another writer kept the journal for too long; nothing was written then, and trying again is safe."""
    return _primary(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def busy(path: Path) -> JournalUnavailable:
    """What to raise when the write lock was not to be had."""
    return JournalUnavailable(
        f"Another program has kept the journal locked for {BUSY_SECONDS:.0f} seconds: {path}. "
        "Nothing new was started. Try again."
    )


def of_making(error: OSError, path: Path) -> JournalUnavailable:
    """What to raise when the journal's file or folder can't be made or looked at."""
    mend = _MENDS_OF_SYSTEM.get(error.errno or 0, "Mend that")
    return JournalUnavailable(
        f"The journal can't be made: {error.strerror} ({path}). {mend}, then try again."
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


def _damaged(error: sqlite3.Error, path: Path, what: str) -> KeysError:
    if _primary(error) != sqlite3.SQLITE_CONSTRAINT and (passing := _second_look(error, path)):
        return JournalUnavailable(
            f"The journal can't be used: {passing}.{what} Check the disk, then try again."
        )
    return JournalDamaged(
        f"The journal's file is damaged: {path} ({error}).{what} Keep a copy, then restore a backup. "
        "An incident need not wait: `KEYS_HOME=NEW-FOLDER keys run SLUG` begins a journal of its own."
    )


def _second_look(error: sqlite3.Error, path: Path) -> str:
    """What is wrong with the disk rather than with the file; empty where the file is damaged.

    Where a read fails, SQLite may take what it could not read for damage. Nobody should restore a backup for that.
    """
    try:
        # Left open: to close a second descriptor of the file would drop SQLite's own locks on it.
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        while os.read(file, _CHUNK_BYTES):
            pass
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            is_whole = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    except OSError as unread:
        return f"{path} can't be read ({unread.strerror})"
    except sqlite3.Error as second:
        return "" if _primary(second) in _DAMAGED else _reason(second, path)
    return f"{path} could not be read once ({error}), and is whole on a second look" if is_whole else ""


def _reason(error: sqlite3.Error, path: Path) -> str:
    return _REASONS.get(_primary(error), "{path}: {error}").format(path=path, error=error)


def _mend(error: sqlite3.Error) -> str:
    return _MENDS.get(_primary(error), "Find the cause")


def _primary(error: sqlite3.Error) -> int:
    """SQLite's primary result code (the extended one says more than an operator needs); 0 if there is none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
