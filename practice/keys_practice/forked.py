"""Processes that begin as a fork of one which has already imported what they need: real ones, in milliseconds."""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

ARGUMENTS_BEGIN, ARGUMENTS_END = 45, 46
"""Where proc(5) gives the addresses of the command line, counted from the field after the command's name."""


class Forked:
    """A process that was forked by us or for us. It has the shape of subprocess.Popen as far as worlds need it.

    Only of our own child is the exit code known; of another it is 0.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:
            self.returncode = 0

    def poll(self) -> int | None:
        """The exit code (negative: the signal that ended it), or None while it lives."""
        return self.returncode if self.returncode is not None or not self._has_ended(0) else self._reap()

    def wait(self, seconds: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired after `seconds`."""
        if self.returncode is None and not self._has_ended(seconds):
            raise subprocess.TimeoutExpired(f"process {self.pid}", seconds or 0)
        return self._reap() if self.returncode is None else self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _has_ended(self, seconds: float | None) -> bool:
        return bool(select.select([self._handle], [], [], seconds)[0])

    def _reap(self) -> int:
        self.returncode = 0
        with contextlib.suppress(ChildProcessError):
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self._handle)
        return self.returncode


def fork(
    act: Callable[[], int],
    words: Collection[str],
    log: int,
    environment: Mapping[str, str],
    folder: str = "/",
    kept: Collection[int] = (),
) -> int:
    """Let `act` be a process of its own, shown as the command line `words`. Returns its pid at once.

    It writes into `log`, has this environment and working folder, and of our files only those in `kept`. We must have
    one thread. Its frames lie above ours for ever, so that nothing of ours is ever tidied up by it.
    """
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        _settle(log, environment, folder, kept)
        rename(words)
        status = act()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does: tell, and end with 1
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _settle(log: int, environment: Mapping[str, str], folder: str, kept: Collection[int]) -> None:
    """What exec does to a process, and subprocess before it."""
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a device
        os.dup2(nothing.fileno(), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    begin = 3
    for descriptor in sorted(kept):
        os.closerange(begin, descriptor)
        begin = descriptor + 1
    os.closerange(begin, os.sysconf("SC_OPEN_MAX"))
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)


def rename(words: Collection[str]) -> None:
    """Show these words as our command line, cut to the room that the one we were started with takes."""
    facts = Path("/proc/self/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    begin, end = int(facts[ARGUMENTS_BEGIN]), int(facts[ARGUMENTS_END])
    shown = "\0".join(words).encode()[: end - begin - 1]
    ctypes.memset(begin, 0, end - begin)
    ctypes.memmove(begin, shown, len(shown))
