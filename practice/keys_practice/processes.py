"""Looking at the process table (Linux /proc)."""

import os
import time
from collections.abc import Callable
from pathlib import Path


def is_alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    return _stat_fields(pid)[:1] not in ([], ["Z"], ["X"])


def is_frozen(pid: int) -> bool:
    """Whether the process is stopped by a signal: it exists and does nothing."""
    return _stat_fields(pid)[:1] == ["T"]


def started_at_ticks(pid: int) -> str:
    """The process's start time in clock ticks since boot; with the pid it names one process for ever."""
    fields = _stat_fields(pid)
    return fields[19] if fields else ""


def children_of(parent: int) -> list[int]:
    """The pids whose parent is `parent`."""
    return [pid for pid in _all_pids() if _stat_fields(pid)[1:2] == [str(parent)]]


def mentioning(words: str) -> list[int]:
    """The live processes with `words` on their command line or in their working directory."""
    return [pid for pid in _all_pids() if is_alive(pid) and words in _describe(pid)]


def wait_until(is_true: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Poll `is_true` until it holds (True) or `seconds` have passed (False)."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def _all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - names only


def _stat_fields(pid: int) -> list[str]:
    """The fields after the command name (proc(5): 0 is the state, 1 the parent, 19 the start time)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _describe(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        return command + " " + str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""
