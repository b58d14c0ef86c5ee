"""Finds and ends what a command left running, also where it left its process group and session.

Each attempt has a mark of its own in its environment, and every descendant inherits it. Only a program that clears
its environment and also leaves the group escapes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_LOAD = _PROC / "loadavg"
_PATIENCE_SECONDS = 1.0
_PAUSE_SECONDS = 0.005


async def end_stragglers(leader: int, mark: str) -> int:
    """Kill the group of `leader`, which must not be reaped yet, and every process with `mark`; how many there were.

    Looks again until nothing is left or a second has passed, since a process may fork while it is being killed.
    """
    ended: set[int] = set()
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        found = set(_marked(leader, mark))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        ended |= found
        if not found or time.monotonic() > until:
            return len(ended)
        await asyncio.sleep(_PAUSE_SECONDS)


def _marked(leader: int, mark: str) -> Iterator[int]:
    for pid in _started_after(leader):
        with contextlib.suppress(OSError):
            if mark.encode() in (_PROC / str(pid) / "environ").read_bytes():
                yield pid


def _started_after(leader: int) -> list[int]:
    """Process numbers that may be descendants of `leader`. Numbers go up, until they wrap around."""
    try:
        newest = int(_LOAD.read_bytes().split()[-1])  # the number that was given out last
        if newest == leader:
            return []
        pids = [int(name) for name in os.listdir(_PROC) if name.isdecimal()]  # noqa: PTH208 - names only: faster
    except OSError:
        return []
    return [pid for pid in pids if pid != leader and (pid > leader or newest < leader)]
