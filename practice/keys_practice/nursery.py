"""Where worlds are born: a Python that has imported what their parts need, and forks a keeper for each.

There is one for each Python process that starts worlds. It ends when that process does.
"""

import atexit
import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Collection
from functools import partial
from importlib import import_module
from pathlib import Path

from keys_practice.errors import PracticeError
from keys_practice.forked import Forked, fork
from keys_practice.launch import command_line, hand_over

KNOWN_TO_ALL = (
    "argparse",
    "concurrent.futures.thread",
    "keys_practice.database",
    "keys_practice.http_client",
    "keys_practice.http_server",
    "keys_practice.keeper",
    "psycopg.rows",
    "sqlite3",
    "ssl",
)
"""What most parts import. Nothing that a fault changes is among it: a part reads its own code when it starts."""
ROOM = " " * 2000
"""Arguments that make the command line long enough to be overwritten by any part's own."""
LARGEST_REQUEST, MOST_FILES = 64 * 1024, 64


class Nursery:
    """The nursery of this process, as those see it who start worlds. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._asking: socket.socket | None = None

    def fork_keeper(self, folder: Path, log: int, passed: Collection[int]) -> Forked:
        """A keeper for the world in `folder`; it gets the files in `passed`, in their order.

        Raises PracticeError when the nursery does not answer.
        """
        with self._lock:
            for _ in range(2):  # one that was killed is noticed only by asking it
                answer = self._answer(folder, [log, *passed])
                if answer:
                    return Forked(int(answer))
                self._end()
        raise PracticeError("No keeper could be started: the nursery of worlds ends at once. Try again.")

    def _answer(self, folder: Path, files: list[int]) -> bytes:
        with contextlib.suppress(OSError):
            asking = self._asked()
            socket.send_fds(asking, [json.dumps({"folder": str(folder)}).encode()], files)
            return asking.recv(LARGEST_REQUEST)
        return b""

    def _asked(self) -> socket.socket:
        if self._asking is None or self._process is None or self._process.poll() is not None:
            self._end()
            self._asking, its_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with its_end:
                self._process = _start(its_end.fileno())
            atexit.register(self._end)
        return self._asking

    def _end(self) -> None:
        if self._asking is not None:
            self._asking.close()
        if self._process is not None:
            self._process.wait()
        self._asking = self._process = None
        atexit.unregister(self._end)


NURSERY = Nursery()


def _start(asked: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        # -P: the folder of launch.py must not come first on the path, its modules have everyday names.
        command_line(["/", "nursery", str(asked), ROOM]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=plain_environment(),
        cwd="/",
        pass_fds=[asked],
        # Ctrl-C in our terminal is for us; the nursery then sees the end of its socket.
        start_new_session=True,
    )


def plain_environment() -> dict[str, str]:
    """What a part of a world has as its environment: of ours only where Python finds its packages."""
    passed_on = {name: os.environ[name] for name in ("PYTHONPATH", "HOME") if name in os.environ}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC", **passed_on}


def main(_folder: Path, arguments: list[str]) -> int:
    """Fork keepers until nobody can ask for one. Argument: the socket where they are asked for."""
    for module in KNOWN_TO_ALL:
        import_module(module)
    signal.signal(signal.SIGCHLD, _bury)
    # What is known to all stays in pages that all share.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(arguments[0])) as asked:
        while True:
            request, files, _, _ = socket.recv_fds(asked, LARGEST_REQUEST, MOST_FILES)
            if not request:
                return 0
            asked.send(str(_fork_keeper(json.loads(request)["folder"], files)).encode())
            for each in files:
                os.close(each)


def _bury(_number: int, _frame: object) -> None:
    """Take note of every keeper that has ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _fork_keeper(folder: str, files: list[int]) -> int:
    log, *passed = files
    words = [folder, "keeper", *map(str, passed)]
    return fork(partial(_keep, words), command_line(words), log, os.environ.copy(), kept=passed)


def _keep(words: list[str]) -> int:
    os.setsid()
    return hand_over(words)
