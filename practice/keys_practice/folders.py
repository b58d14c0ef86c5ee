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
MEMORY = Path("/dev/shm")
ROOM_BYTES = 512 * 1024 * 1024
LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes


def make(parent: Path | None) -> tuple[Path, int]:
    """Make a new world folder under `parent` (default: in memory, or the system's temp folder); sweep stale ones first.

    Returns the folder and the file descriptor of its lock, held. The folder can be entered but not listed by
    others (0711): PostgreSQL's unprivileged user must reach its data folder below.
    """
    wishes = [parent] if parent else _usual()
    parent = _reachable(wishes) if os.geteuid() == 0 else wishes[0]
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


def _usual() -> list[Path]:
    """Where a world lies when nobody says where, the best first.

    A world is a thousand small files that live for seconds: in memory they come and go several times faster than on a
    disk. Whoever sets TMPDIR has said where.
    """
    on_disk = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    return on_disk if "TMPDIR" in os.environ or not _has_room(MEMORY) else [MEMORY, *on_disk]


def _has_room(memory: Path) -> bool:
    """Whether anybody may put files there, programs among them. In containers it is often small, or for data only."""
    try:
        facts = os.statvfs(memory)
    except OSError:
        return False
    is_for_data_only = facts.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
    return (
        not is_for_data_only and os.access(memory, os.W_OK) and facts.f_bavail * facts.f_frsize >= ROOM_BYTES
    )


def _reachable(wishes: list[Path]) -> Path:
    """A parent that PostgreSQL's unprivileged user can enter; we never change a mode to make it so."""
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
