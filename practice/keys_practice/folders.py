"""A world's folder: made private, locked while its keeper lives, swept when it was left behind."""

import fcntl
import os
import secrets
import shutil
import stat
import tempfile
from pathlib import Path

from keys_practice.errors import PracticeError
from keys_practice.layout import Layout
from keys_practice.processes import wait_until

PREFIX = "larkspur-"
LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes


def make(parent: Path | None) -> tuple[Path, int]:
    """Make a new world folder under `parent` (default: the system's temp folder); sweep stale ones first.

    Returns the folder and the file descriptor of its lock, held. The folder can be entered but not listed by
    others (0711): PostgreSQL's unprivileged user must reach its data folder below.
    """
    parent = _reachable(parent) if os.geteuid() == 0 else Path(parent or tempfile.gettempdir())
    sweep(parent)
    folder = parent / f"{PREFIX}{secrets.token_hex(8)}"
    if len(bytes(Layout(folder).keeper_socket)) > LONGEST_SOCKET_PATH:
        raise PracticeError(f"The path {folder} is too long for a unix socket. Use a shorter parent folder.")
    folder.mkdir(mode=0o711)
    lock = lock_of(folder, create=True)
    if lock is None or os.fstat(lock).st_nlink == 0:  # a sweeper took it between mkdir and lock
        return make(parent)
    folder.chmod(0o711)
    return folder, lock


def lock_of(folder: Path, create: bool = False) -> int | None:
    """Take the world's lock: a file descriptor, or None when a living keeper has it or it is not there."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if create else 0)
    try:
        lock = os.open(Layout(folder).keeper_lock, flags, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def sweep(parent: Path) -> list[Path]:
    """Remove our own world folders under `parent` whose keeper is dead. Returns what was removed."""
    return [folder for folder in parent.glob(f"{PREFIX}*") if _is_ours(folder) and _remove_if_stale(folder)]


def remove(folder: Path, seconds: float = 10) -> None:
    """Remove the folder, retrying while a dying process still writes into it."""

    def is_gone() -> bool:
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    if not wait_until(is_gone, seconds, pause=0.05):
        raise PracticeError(f"The folder {folder} could not be removed. Look who uses it, then delete it.")


def _remove_if_stale(folder: Path) -> bool:
    lock = lock_of(folder)
    if lock is None:
        return False
    try:
        remove(folder)
    finally:
        os.close(lock)
    return True


def _is_ours(folder: Path) -> bool:
    """A real folder that belongs to the user we are."""
    try:
        facts = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid()


def _reachable(parent: Path | None) -> Path:
    """A parent that PostgreSQL's unprivileged user can enter; we never change a mode to make it so."""
    wishes = [parent] if parent else [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    for wish in wishes:
        if wish.is_dir() and is_open_to_others(wish):
            return wish
    raise PracticeError(
        f"PostgreSQL does not run as root, and another user cannot enter {wishes[0]}. "
        "Give a folder below /tmp, or start the world as an ordinary user."
    )


def is_open_to_others(path: Path) -> bool:
    """Whether every folder down to `path` may be entered by any user."""
    path = path.resolve()
    return all(each.stat().st_mode & stat.S_IXOTH for each in (path, *path.parents))
