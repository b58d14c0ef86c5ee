"""Starts one process group, reads its two outputs, and sees to it that it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import IO

from runbook_keys.executors.output import Stream
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

    `may_leave_running`: what it started may outlive it, unless the command was cut. `stdin` is a descriptor to read
    from; nothing is there to read unless it is given. `inherited` are locks, signed with its number; `handed` are
    descriptors for its own use.
    """

    program: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    mark: str
    timeout_seconds: float
    may_leave_running: bool
    inherited: tuple[int, ...] = ()
    stdin: int = subprocess.DEVNULL
    handed: tuple[int, ...] = ()


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
    """Start it in a session of its own, without a terminal. Raises `NotStarted`."""
    _sign(command.inherited, b"")
    try:
        process = subprocess.Popen(
            command.arguments,
            executable=command.program,
            env=command.environment,
            cwd=command.folder,
            stdin=command.stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            pass_fds=(*command.inherited, *command.handed),
        )
    except OSError as error:
        raise NotStarted(f"The command could not be started: {error.strerror}.") from error
    _sign(command.inherited, b"%d" % process.pid)
    return process


def _sign(descriptors: Sequence[int], number: bytes) -> None:
    """Say in the lock that the command inherits which process it is; nothing while that is not known yet."""
    for descriptor in descriptors:
        with suppress(
            OSError
        ):  # a full disk: a later driver then takes whoever holds the lock for the command
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, number, 0)


async def attend(process: subprocess.Popen[bytes], command: Command, streams: Sequence[Stream]) -> Ended:
    """Feed both outputs to `streams` (stdout's, stderr's) until the command is over or its time is up.

    When the caller is cancelled, the command is ended first; only then is `CancelledError` raised.
    """
    attendance = _Attendance(process, command, streams)
    work = asyncio.create_task(attendance.run())
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        attendance.stop()
        while not work.done():  # however often the caller is cancelled again
            with suppress(asyncio.CancelledError):
                await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # looked at, so that asyncio does not report it as lost
        raise


class _Phase(Enum):
    RUNNING = auto()
    TERMINATING = auto()  # has got SIGTERM
    KILLED = auto()  # has got SIGKILL
    DRAINING = auto()  # is dead, its output still open


class _Attendance:
    """One command from its start to its end: where it stands, and when the next thing is due."""

    def __init__(self, process: subprocess.Popen[bytes], command: Command, streams: Sequence[Stream]) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._process = process
        self._command = command
        self._pipes = _Pipes(process, streams, self._changed)
        self._is_stopped = False
        self._cut: Cut | None = None
        self._is_dead = False
        self._stragglers = 0
        self._enter(_Phase.RUNNING, command.timeout_seconds)

    def stop(self) -> None:
        """Have the command ended now."""
        self._is_stopped = True
        self._changed.set()

    async def run(self) -> Ended:
        """Wait for the end and tell it. Raises what taking in the output raised; the command is dead then too."""
        try:
            while await self._is_going_on():
                await self._wait()
            if self._cut or not self._command.may_leave_running:
                await self._kill()
            return self._ended()
        except asyncio.CancelledError:  # the event loop itself is being closed: no time is left for grace
            self._signal(signal.SIGKILL)
            self._process.wait()
            raise
        finally:
            self._pipes.close()

    async def _wait(self) -> None:
        due = (
            self._limit if self._pipes.is_death_seen else min(self._limit, self._loop.time() + _TICK_SECONDS)
        )
        timer = self._loop.call_at(due, self._changed.set)
        await self._changed.wait()
        timer.cancel()

    async def _is_going_on(self) -> bool:
        """False when there is nothing left to wait for."""
        self._changed.clear()
        self._notice_death()
        if self._is_dead and not self._pipes.is_open:
            return False
        if self._phase is _Phase.RUNNING and (self._is_stopped or self._pipes.error):
            self._terminate(Cut.STOPPED)
        elif self._loop.time() >= self._limit:
            return await self._next_phase()
        return True

    def _ended(self) -> Ended:
        # Reaped only now: until then the number of the group can't become another's.
        code = self._process.wait() if self._is_dead else None
        if self._pipes.error:
            raise self._pipes.error
        return Ended(
            pid=self._process.pid,
            exit_code=128 - code if code is not None and code < 0 else code,
            cut=self._cut,
            is_output_held=self._pipes.is_open,
            stragglers=self._stragglers,
        )

    def _notice_death(self) -> None:
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        if self._is_dead or not os.waitid(os.P_PID, self._process.pid, flags):
            return
        self._is_dead = True
        if self._phase is not _Phase.TERMINATING:  # there, what is left of the group has its grace
            self._enter(_Phase.DRAINING, DRAIN_SECONDS)

    async def _next_phase(self) -> bool:
        if self._phase is _Phase.RUNNING:
            self._terminate(Cut.TIMEOUT)
        elif self._phase is _Phase.TERMINATING:
            await self._kill()
            self._enter(_Phase.DRAINING if self._is_dead else _Phase.KILLED, _KILL_SECONDS)
        else:
            return False
        return True

    def _terminate(self, cut: Cut) -> None:
        self._cut = cut
        self._signal(signal.SIGTERM)
        self._enter(_Phase.TERMINATING, GRACE_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    async def _kill(self) -> None:
        self._stragglers += await end_stragglers(self._process.pid, self._command.mark)

    def _enter(self, phase: _Phase, seconds: float) -> None:
        self._phase = phase
        self._limit = self._loop.time() + seconds


class _Pipes:
    """A command's two outputs and its death, as the event loop sees them; `changed` is set when one of them ends."""

    def __init__(
        self, process: subprocess.Popen[bytes], streams: Sequence[Stream], changed: asyncio.Event
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = changed
        self._files = [file for file in (process.stdout, process.stderr) if file]
        self._open = set(self._files)
        self._pidfd = _pidfd(process.pid)
        self.error: Exception | None = None
        for file, stream in zip(self._files, streams, strict=True):
            self._loop.add_reader(file, partial(self._read, file, stream))
        if self._pidfd is not None:
            self._loop.add_reader(self._pidfd, self._died, self._pidfd)

    @property
    def is_open(self) -> bool:
        """True while somebody may still write."""
        return bool(self._open)

    @property
    def is_death_seen(self) -> bool:
        """True where the death of the command sets `changed`; else one has to look now and then."""
        return self._pidfd is not None

    def close(self) -> None:
        for file in list(self._open):
            self._forget(file)
        for file in self._files:
            file.close()
        if self._pidfd is not None:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)

    def _read(self, file: IO[bytes], stream: Stream) -> None:
        """Pass on one chunk, so that a flood leaves the loop time for everything else."""
        try:
            data = os.read(file.fileno(), _CHUNK_BYTES)
            if data:
                stream.feed(data)
            else:
                self._forget(file)
        except Exception as error:  # noqa: BLE001 - raised where the command is awaited, after it was ended
            self.error = error
            self._forget(file)

    def _forget(self, file: IO[bytes]) -> None:
        self._loop.remove_reader(file)
        self._open.discard(file)
        self._changed.set()

    def _died(self, pidfd: int) -> None:
        self._loop.remove_reader(pidfd)
        self._changed.set()


def _pidfd(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where Python or the kernel is too old."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
