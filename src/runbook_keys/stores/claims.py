"""The right to drive one run, held by the kernel: it ends with the process, however that ends.

Two lock files per run. `NAME.lock` is held by the driver. `NAME.attempt` is also inherited by the commands it starts;
a lock belongs to the open file, not to the process, so it lives as long as any process of a command keeps it open.
The executor writes the number of the command's first process into it.
The files stay behind: to remove one that another process is just opening would let two processes hold "the" lock.
"""

from __future__ import annotations

import fcntl
import os
import signal
from contextlib import suppress
from pathlib import Path

from runbook_keys.errors import JournalUnavailable, RunTaken
from runbook_keys.ports import Leftover
from runbook_keys.stores.holders import first_process, holders, named, signal_groups


class FileClaim:
    """A claim by `flock`. Make one with `take`."""

    def __init__(self, lock_fd: int, attempt_fd: int) -> None:
        self._lock_fd = lock_fd
        self._attempt_fd = attempt_fd
        self._is_held = True

    @classmethod
    def take(cls, folder: Path, run: str) -> FileClaim:
        """Claim `run` (a checked name) with lock files in `folder`.

        Raises RunTaken while another claim on it is held, JournalUnavailable when the lock files can't be opened.
        """
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            lock_fd = _locked(folder / f"{run}.lock")
            attempt_fd = _opened(folder / f"{run}.attempt")
        except OSError as error:
            raise JournalUnavailable(
                f"Run {run} can't be claimed: {error.strerror} ({folder}). Nothing was done here. "
                f"Mend that, then `keys resume {run}`."
            ) from error
        fcntl.flock(attempt_fd, fcntl.LOCK_SH)
        return cls(lock_fd, attempt_fd)

    @property
    def attempt_fd(self) -> int | None:
        """The descriptor that commands inherit (`pass_fds`); None once released."""
        return self._attempt_fd if self._is_held else None

    def leftover(self) -> Leftover | None:
        """The command that an earlier driver started and that still runs.

        A service that it started and left behind does not count, once the command itself is known to have ended.
        Processes started under this claim share its lock and don't count either. Ask before starting a command: for an
        instant nobody holds the lock.
        """
        if self._is_alone():
            return None
        found = holders(self._attempt_fd)
        first = first_process(self._attempt_fd)
        has_ended = bool(found) and first is not None and first not in found
        return None if has_ended else Leftover(tuple(named(pid) for pid in found))

    def end_leftover(self, is_forced: bool) -> None:
        """Ask the processes of `leftover` to end (SIGTERM), or end them (SIGKILL), each with its whole process group."""
        found = holders(self._attempt_fd)
        first = first_process(self._attempt_fd)
        signal_groups([first] if first in found else found, signal.SIGKILL if is_forced else signal.SIGTERM)

    def _is_alone(self) -> bool:
        try:
            fcntl.flock(self._attempt_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:  # a refused conversion has dropped the shared lock as well
            fcntl.flock(self._attempt_fd, fcntl.LOCK_SH)
        return True

    def release(self) -> None:
        """Give the run up; a second call does nothing. Commands that still run keep their part of the lock."""
        if self._is_held:
            self._is_held = False
            os.close(self._attempt_fd)
            os.close(self._lock_fd)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locked(path: Path) -> int:
    descriptor = _opened(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _holder(descriptor)
        os.close(descriptor)
        raise RunTaken(
            f"Another terminal is driving this run{holder}. Nothing was done here. "
            "Go on there, or leave it there with q; then `keys resume` works here."
        ) from None
    _sign(descriptor)
    return descriptor


def _sign(descriptor: int) -> None:
    """Say who holds the lock, for the message that another driver shows. The lock itself does not need it."""
    with suppress(OSError):  # a full disk must not keep anybody from looking at a run
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)


def _holder(descriptor: int) -> str:
    """` (pid 123)`, or nothing in the instant between taking the lock and writing the number."""
    pid = os.pread(descriptor, 20, 0)
    return f" (pid {int(pid)})" if pid.isdigit() else ""
