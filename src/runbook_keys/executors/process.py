"""Starts one process group, reads its two outputs, and sees to it that it ends."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from runbook_keys.executors.output import Stream
from runbook_keys.executors.own_thread import Stop
from runbook_keys.executors.stragglers import end_stragglers

GRACE_SECONDS = 2.0
DRAIN_SECONDS = 0.5
_KILL_SECONDS = 5.0
_TICK_SECONDS = 0.05
_CHUNK_BYTES = 64 * 1024


class NotStarted(Exception):
    """The command could not be started, so nothing of it has run; the text is one sentence."""


class Cut(Enum):
    """Why a command was ended before it ended by itself."""

    TIMEOUT = auto()
    STOPPED = auto()


@dataclass(frozen=True)
class Command:
    """What to start and where. `mark` is the `NAME=value` of the environment that tells its descendants.

    `may_leave_running`: what it started may outlive it, unless the command was cut.
    """

    program: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    mark: str
    timeout_seconds: float
    may_leave_running: bool
    inherited: tuple[int, ...] = ()


@dataclass(frozen=True)
class Ended:
    """How a command ended: `exit_code` as a shell counts it (128 + signal), None where it could not be killed.

    `is_output_held`: something it started kept its output open. `stragglers`: how many leftovers were killed.
    """

    pid: int
    exit_code: int | None
    cut: Cut | None
    is_output_held: bool
    stragglers: int


def start(command: Command) -> subprocess.Popen[bytes]:
    """Start it in a session of its own, without a terminal or input. Raises `NotStarted`."""
    try:
        return subprocess.Popen(
            command.arguments,
            executable=command.program,
            env=command.environment,
            cwd=command.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            pass_fds=command.inherited,
        )
    except OSError as error:
        raise NotStarted(f"The command could not be started: {error.strerror}.") from error


def attend(
    process: subprocess.Popen[bytes], command: Command, streams: Sequence[Stream], stop: Stop
) -> Ended:
    """Feed both outputs to `streams` (stdout's, stderr's) until the command is over, its time is up or `stop` asks."""
    pipes = _Pipes(process, streams, stop)
    watch = _Watch(process.pid, command, pipes, stop)
    try:
        while watch.is_going_on():
            pipes.read(watch.seconds_left())
        return watch.ended(process)
    except BaseException:
        end_stragglers(process.pid, command.mark)
        process.wait()
        raise
    finally:
        pipes.close()


class _Pipes:
    """A command's two outputs, and what else may wake their reader."""

    def __init__(self, process: subprocess.Popen[bytes], streams: Sequence[Stream], stop: Stop) -> None:
        self._selector = selectors.PollSelector()
        self._files = [file for file in (process.stdout, process.stderr) if file]
        self._pidfd = _pidfd(process.pid)
        self._open = len(self._files)
        for file, stream in zip(self._files, streams, strict=True):
            self._selector.register(file, selectors.EVENT_READ, stream)
        for waker in (stop.fileno(), self._pidfd):
            if waker is not None:
                self._selector.register(waker, selectors.EVENT_READ)

    @property
    def is_open(self) -> bool:
        return self._open > 0

    def read(self, seconds: float) -> None:
        """Wait until there is something, at most so long; pass on at most one chunk of each output."""
        wait = seconds if self._pidfd is not None else min(seconds, _TICK_SECONDS)
        for key, _ in self._selector.select(wait):
            if key.data is None:
                self._selector.unregister(key.fileobj)
            elif data := os.read(key.fd, _CHUNK_BYTES):
                key.data.feed(data)
            else:
                self._selector.unregister(key.fileobj)
                self._open -= 1

    def close(self) -> None:
        self._selector.close()
        for file in self._files:
            file.close()
        if self._pidfd is not None:
            os.close(self._pidfd)


def _pidfd(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where Python or the kernel is too old."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


class _Phase(Enum):
    RUNNING = auto()
    TERMINATING = auto()  # has got SIGTERM
    KILLED = auto()  # has got SIGKILL
    DRAINING = auto()  # is dead, its output still open


class _Watch:
    """Where a command stands between start and end, and when the next thing is due."""

    def __init__(self, pid: int, command: Command, pipes: _Pipes, stop: Stop) -> None:
        self._pid = pid
        self._command = command
        self._pipes = pipes
        self._stop = stop
        self._cut: Cut | None = None
        self._is_dead = False
        self._stragglers = 0
        self._enter(_Phase.RUNNING, command.timeout_seconds)

    def seconds_left(self) -> float:
        return max(0.0, self._limit - time.monotonic())

    def is_going_on(self) -> bool:
        """False when there is nothing left to wait for."""
        self._notice_death()
        if self._is_dead and not self._pipes.is_open:
            return False
        if self._stop.is_requested and self._phase is _Phase.RUNNING:
            self._terminate(Cut.STOPPED)
        elif time.monotonic() >= self._limit:
            return self._next_phase()
        return True

    def ended(self, process: subprocess.Popen[bytes]) -> Ended:
        """Ends what may not go on, and only then reaps: until then the number of the group can't become another's."""
        if self._cut or not self._command.may_leave_running:
            self._kill()
        code = process.wait() if self._is_dead else None
        return Ended(
            pid=self._pid,
            exit_code=128 - code if code is not None and code < 0 else code,
            cut=self._cut,
            is_output_held=self._pipes.is_open,
            stragglers=self._stragglers,
        )

    def _notice_death(self) -> None:
        if self._is_dead or not os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        self._is_dead = True
        if self._phase is not _Phase.TERMINATING:  # there, what is left of the group has its grace
            self._enter(_Phase.DRAINING, DRAIN_SECONDS)

    def _next_phase(self) -> bool:
        if self._phase is _Phase.RUNNING:
            self._terminate(Cut.TIMEOUT)
        elif self._phase is _Phase.TERMINATING:
            self._kill()
            self._enter(_Phase.DRAINING if self._is_dead else _Phase.KILLED, _KILL_SECONDS)
        else:
            return False
        return True

    def _terminate(self, cut: Cut) -> None:
        self._cut = cut
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGTERM)
        self._enter(_Phase.TERMINATING, GRACE_SECONDS)

    def _kill(self) -> None:
        self._stragglers += end_stragglers(self._pid, self._command.mark)

    def _enter(self, phase: _Phase, seconds: float) -> None:
        self._phase = phase
        self._limit = time.monotonic() + seconds
