"""One process that the keeper may start, stop and describe."""

import ctypes
import json
import os
import pwd
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from keys_practice.errors import PracticeError
from keys_practice.forked import Forked, fork
from keys_practice.launch import command_line, hand_over

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 8


@dataclass(frozen=True)
class UnitFile:
    """What a unit is, as it stands in units.json. Signals are names such as SIGTERM.

    Where it `is_part`, `argv` is what launch.py is told, and the keeper forks itself to be that part: what most parts
    import is there already.
    """

    argv: list[str]
    log: str
    cwd: str = "/"
    env: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: str = "SIGTERM"
    death_signal: str = "SIGKILL"
    is_part: bool = False


class Unit:
    """A unit and its process. States: running, stopped (by request, or never started), crashed (by itself)."""

    def __init__(self, name: str, spec: UnitFile) -> None:
        self.spec = spec
        self._name = name
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self._state = "stopped"
        self._exit_code: int | None = None
        self._since_at = _now()

    def start(self) -> None:
        """Start the process unless it runs. Raises PracticeError when the program can't be executed."""
        self.notice_exit()
        if self._state == "running":
            return
        with Path(self.spec.log).open("ab") as log:
            try:
                self._process = self._forked(log) if self.spec.is_part else self._executed(log)
            except (OSError, subprocess.SubprocessError) as problem:
                raise PracticeError(f"The unit {self._name} could not be started: {problem}") from problem
        self._enter("running", None)

    def stop(self) -> None:
        """Ask the process to end; kill it when it has not ended after STOP_SECONDS."""
        self._end(getattr(signal, self.spec.stop_signal))

    def destroy(self) -> None:
        """End the process at once: nothing it would still write is needed."""
        self._end(getattr(signal, self.spec.death_signal))

    def wait(self, seconds: float) -> None:
        """Wait for a process that ends by itself. Raises PracticeError after `seconds`, having killed it."""
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired as expired:
            self.destroy()
            raise PracticeError(f"The unit {self._name} did not end within {seconds:.0f} s.") from expired
        self.notice_exit()

    def notice_exit(self) -> None:
        """Look whether the process ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            code = self._process.returncode or 0
            self._process = None
            self._enter("crashed" if code else "stopped", code if code >= 0 else 128 - code)

    def describe(self) -> dict[str, Any]:
        """State, pid, exit code (128 + signal when a signal ended it) and since when (ISO 8601, UTC)."""
        self.notice_exit()
        return {
            "state": self._state,
            "pid": self._process.pid if self._process else None,
            "since": self._since_at,
            "exit_code": self._exit_code,
        }

    def _executed(self, log: BinaryIO) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self.spec.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.spec.cwd,
            env=self.spec.env,
            preexec_fn=_die_with_the_keeper(self.spec.death_signal),  # noqa: PLW1509 - one thread
            **as_user(self.spec.user),
        )

    def _forked(self, log: BinaryIO) -> Forked:
        spec, leave_with_the_keeper = self.spec, _die_with_the_keeper(self.spec.death_signal)

        def act() -> int:
            leave_with_the_keeper()
            return hand_over(spec.argv)

        return Forked(fork(act, command_line(spec.argv), log.fileno(), spec.env, spec.cwd))

    def _end(self, number: int) -> None:
        self.notice_exit()
        if self._process is None:
            self._enter("stopped", self._exit_code)
            return
        self._process.send_signal(number)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_SECONDS)
        self._process = None
        self._enter("stopped", 0)

    def _enter(self, state: str, exit_code: int | None) -> None:
        self._state, self._exit_code, self._since_at = state, exit_code, _now()


def load_units(path: Path, known: dict[str, Unit]) -> dict[str, Unit]:
    """The units of units.json; those already known keep their process and take the new description."""
    units = {}
    for name, text in json.loads(path.read_text("utf-8")).items():
        spec = UnitFile(**text)
        units[name] = known.get(name) or Unit(name, spec)
        units[name].spec = spec
    return units


def as_user(user: str | None) -> dict[str, Any]:
    """Popen's arguments for running as `user`, with none of our groups."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def _die_with_the_keeper(death_signal: str) -> Callable[[], None]:
    """What a child does between fork and exec, so that the kernel ends it when the keeper dies.

    Set after the change of user, which would clear it. The keeper may have died before the call: then the parent
    is another one already. The keeper has one thread, so running Python here is safe.
    """
    prctl, keeper = ctypes.CDLL(None).prctl, os.getpid()
    number = int(getattr(signal, death_signal))

    def after_fork() -> None:
        prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != keeper:
            os._exit(1)

    return after_fork


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
