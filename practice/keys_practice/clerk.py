"""Does the work of a world's commands: whoever calls one waits at its desk, and it forks itself for each call.

Loading what a command needs takes longer than what it then does. The fork has the caller's three streams and working
folder, and is ended when the caller ends. `ask_clerk.py` is the caller.
"""

import contextlib
import os
import selectors
import signal
import socket
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

from keys_practice.forked import fork
from keys_practice.launch import command_line, hand_over
from keys_practice.layout import Layout

LARGEST_CALL, STREAMS = 64 * 1024, 3
CALL_SECONDS = 2


class Clerk:
    """Forks for each call, passes on how it ended, and ends what nobody waits for any more."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._callers: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._wake_on_ends()
        layout.clerk_socket.unlink(missing_ok=True)  # the one of a clerk that was killed
        self._desk = socket.socket(socket.AF_UNIX)
        self._desk.bind(str(layout.clerk_socket))
        self._desk.listen(16)
        self._selector.register(self._desk, selectors.EVENT_READ, self._take)

    def serve(self) -> None:
        """Serve until ended."""
        while True:
            for key, _ in self._selector.select():
                react: Callable[[], None] = key.data
                react()

    def _wake_on_ends(self) -> None:
        self._woken, wake = socket.socketpair()
        self._woken.setblocking(False)
        wake.setblocking(False)
        signal.set_wakeup_fd(wake.detach())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(self._woken, selectors.EVENT_READ, self._answer)

    def _take(self) -> None:
        caller, _ = self._desk.accept()
        caller.settimeout(CALL_SECONDS)
        words, streams = _call_of(caller)
        if len(streams) == STREAMS:
            pid = self._forked(words, streams)
            self._callers[pid] = caller
            self._selector.register(caller, selectors.EVENT_READ, partial(self._end, pid))
        else:
            caller.close()
        for each in streams:
            os.close(each)

    def _forked(self, words: list[str], streams: list[int]) -> int:
        folder, *part = words
        call = [str(self._layout.folder), *part]
        act = partial(_with_streams, streams, call)
        return fork(act, command_line(call), streams[-1], os.environ.copy(), folder, kept=streams)

    def _end(self, pid: int) -> None:
        """The caller is gone: it never says a second thing. Its work may have ended in the same moment."""
        if pid in self._callers:
            os.kill(pid, signal.SIGKILL)  # ended or not, it is ours until _answer has waited for it
            self._selector.unregister(self._callers[pid])

    def _answer(self) -> None:
        """Tell the callers of all that have ended."""
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._tell(ended[0], os.waitstatus_to_exitcode(ended[1]))

    def _tell(self, pid: int, code: int) -> None:
        caller = self._callers.pop(pid)
        with contextlib.suppress(KeyError):
            self._selector.unregister(caller)
        with caller, contextlib.suppress(OSError):
            caller.sendall(str(code if code >= 0 else 128 - code).encode())


def _call_of(caller: socket.socket) -> tuple[list[str], list[int]]:
    """The working folder, the part and its arguments; and the three streams, or none."""
    try:
        words, streams, _, _ = socket.recv_fds(caller, LARGEST_CALL, STREAMS)
    except OSError:
        return [], []
    return words.decode("utf-8", "surrogateescape").split("\0"), streams


def _with_streams(streams: list[int], call: list[str]) -> int:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    return hand_over(call)


def main(folder: Path, arguments: list[str]) -> int:
    """Serve until ended. Arguments: the modules of its commands, which are loaded now."""
    for module in arguments:
        import_module(f"keys_practice.{module}")
    Clerk(Layout(folder)).serve()
    return 0
