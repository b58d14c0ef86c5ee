"""Only one process at a time makes or upgrades a journal; the others wait for it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook_keys.stores.failures import BUSY_SECONDS, busy, of_making

_PAUSE_SECONDS = 0.01


@contextmanager
def making(path: Path) -> Iterator[None]:
    """Alone with the journal's folder. Raises JournalUnavailable when another process keeps it for too long.

    The folder is locked, not the file: to close a second descriptor of the file would drop SQLite's own locks on it.
    """
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise of_making(error, path) from error
    try:
        _lock(folder, path)
        yield
    finally:
        os.close(folder)


def _lock(folder: int, path: Path) -> None:
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise busy(path) from None
            time.sleep(_PAUSE_SECONDS)
