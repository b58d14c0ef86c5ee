"""Which processes keep a file open, and how to end them. Only what this account may see and signal."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def holders(descriptor: int) -> tuple[int, ...]:
    """The numbers of all other processes that have this file open, lowest first."""
    wanted = os.fstat(descriptor)
    others = (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal())
    return tuple(sorted(pid for pid in others if pid != os.getpid() and _has_open(pid, wanted)))


def first_process(descriptor: int) -> int | None:
    """The number that the executor has written into the file; None while it had not got that far."""
    number = os.pread(descriptor, 20, 0)
    return int(number) if number.isdigit() else None


def named(pid: int) -> str:
    """`sleep (pid 123)`. Of a command line only the program is told: what follows may be anybody's secret."""
    try:
        name = (_PROC / str(pid) / "comm").read_text("utf-8", "replace").strip()
    except OSError:
        name = "a process that has just ended"
    return f"{name} (pid {pid})"


def signal_groups(pids: Iterable[int], number: signal.Signals) -> None:
    """Signal the process groups of these processes, never our own."""
    for group in {*_groups(pids)} - {os.getpgrp()}:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def _groups(pids: Iterable[int]) -> Iterator[int]:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            yield os.getpgid(pid)


def _has_open(pid: int, wanted: os.stat_result) -> bool:
    with suppress(OSError):
        for entry in (_PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                if os.path.samestat(entry.stat(), wanted):
                    return True
    return False
