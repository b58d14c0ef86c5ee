"""The world's process supervisor: one per world, owner of every other process.

It serves one request at a time on a unix socket (one JSON line in, one out), so there are no threads and no
races; each request is bounded by a deadline. It tears the world down and removes its folder when its parent
is gone (the pipe from the parent reaches its end, which the kernel guarantees also after `kill -9`), on SIGTERM,
or when asked. Should it be killed with -9 itself, the kernel signals each child (PR_SET_PDEATHSIG).
"""

import contextlib
import ctypes
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keys_practice import folders
from keys_practice.errors import PracticeError
from keys_practice.layout import Layout
from keys_practice.processes import children_of
from keys_practice.unit import Unit, load_units

PR_SET_CHILD_SUBREAPER = 36
REQUEST_SECONDS = 2
ONE_SHOT_SECONDS = 40

Answer = dict[str, Any]


class Keeper:
    """Starts, stops and describes the units of one world until the world ends."""

    def __init__(self, layout: Layout, parent_pipe: int) -> None:
        self._layout = layout
        self._units: dict[str, Unit] = {}
        self._is_ending = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(parent_pipe, selectors.EVENT_READ, self._end)
        self._listen()
        self._wake_on_signals()

    def run(self) -> None:
        """Serve until the world ends, then end every process and remove the folder."""
        while not self._is_ending:
            for key, _ in self._selector.select():
                react: Callable[[], None] = key.data
                react()
        self._tear_down()

    def _listen(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._layout.keeper_socket))
        self._listener.listen(16)
        self._selector.register(self._listener, selectors.EVENT_READ, self._serve_one)

    def _wake_on_signals(self) -> None:
        self._wake_read, wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        wake_write.setblocking(False)
        signal.set_wakeup_fd(wake_write.detach())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._end())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._selector.register(self._wake_read, selectors.EVENT_READ, self._notice_exits)

    def _notice_exits(self) -> None:
        """Note when a unit ended by itself, at the moment it does."""
        with contextlib.suppress(BlockingIOError):
            self._wake_read.recv(4096)
        for unit in self._units.values():
            unit.notice_exit()

    def _end(self) -> None:
        self._is_ending = True

    def _serve_one(self) -> None:
        connection, _ = self._listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.settimeout(REQUEST_SECONDS)
            with connection.makefile("rwb") as stream:
                stream.write(json.dumps(self._answer(stream.readline())).encode() + b"\n")

    def _answer(self, line: bytes) -> Answer:
        try:
            request = json.loads(line)
            return {"ok": True, **self._do(request["op"], request.get("unit", ""))}
        except (ValueError, KeyError, TypeError, OSError, PracticeError) as problem:
            return {"ok": False, "error": str(problem) or type(problem).__name__}

    def _do(self, op: str, name: str) -> Answer:
        self._units = load_units(self._layout.units_file, self._units)
        if op == "status":
            return {"units": {each: unit.describe() for each, unit in self._units.items()}}
        if op == "shutdown":
            self._end()
            return {}
        if name not in self._units:
            raise PracticeError(f"There is no unit {name!r}. Units: {', '.join(self._units)}.")
        return {"unit": self._act(op, self._units[name])}

    def _act(self, op: str, unit: Unit) -> Answer:
        if op in ("stop", "restart"):
            unit.stop()
        if op in ("start", "restart", "run"):
            unit.start()
        elif op != "stop":
            raise PracticeError(f"The keeper does not know the request {op!r}.")
        if op == "run":
            unit.wait(ONE_SHOT_SECONDS)
        return unit.describe()

    def _tear_down(self) -> None:
        self._listener.close()
        for unit in reversed(self._units.values()):
            unit.destroy()
        _end_orphans()
        folders.remove(self._layout.folder)


def _end_orphans() -> None:
    """End what our children left behind: as sub-reaper we are their parent now."""
    for pid in children_of(os.getpid()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def main(folder: Path, arguments: list[str]) -> int:
    """Keep the world in `folder`. Arguments: descriptors of the parent's pipe, the lock, and the held ports.

    The lock and the port sockets are only kept open: the kernel frees them when this process ends.
    """
    for descriptor in arguments:
        os.set_inheritable(int(descriptor), False)
    os.umask(0o077)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        Keeper(Layout(folder), int(arguments[0])).run()
    except (OSError, PracticeError) as problem:
        print(f"keeper: {problem}", file=sys.stderr)
        return 1
    return 0
