"""Disturb the Nth input or output of a whole run, then let it go on undisturbed: every promise must hold."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from trial import Tally, Trial, Violated, hold

HERE = Path(__file__).parent
FAULTS = {
    "full": "the disk is full (ENOSPC)",
    "broken": "the disk reports an error (EIO)",
    "short": "a write is cut short, then the disk is full",
    "flush": "a flush fails (fsync, fdatasync: EIO)",
    "pipe": "no pipe for a command (EMFILE)",
    "unreadable": "a file can't be read or opened (EIO)",
    "part": "a read comes short",
}
KILLS = {
    "die": "`kill -9` before a call that changes a file",
    "torn": "`kill -9` in the middle of a write, or right after another change",
}
TRIES = 20
"""How often a person resumes before the run counts as one that can't end."""


class Plan(Struct, frozen=True):
    """What is done to one process: `kind`, from its call number `at` on; `seconds` is how far its clock is set."""

    kind: str = "none"
    at: int = 0
    is_lasting: bool = False
    seconds: int = 0

    def words(self) -> str:
        """What is done, and whether it stays so."""
        by = f" by {self.seconds} s" if self.seconds else ""
        return f"{self.kind}{by}, {'from then on' if self.is_lasting else 'once'}"


UNDISTURBED = Plan()


class Told(Struct, frozen=True):
    """How a process ended: its exit code (-9: killed), how many calls counted, how many were disturbed, its screen."""

    code: int
    calls: int
    met: int
    screen: str


class FaultyKeys:
    """`keys` with a shim between it and the C library; one process at a time."""

    def __init__(self, server: subprocess.Popen[bytes]) -> None:
        self._server = server
        self._folder = Path()

    def begin(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, plan: Plan = UNDISTURBED
    ) -> int:
        """Start `keys` in `folder`, with faults below its `disk`; the process's number. `end` must follow."""
        self._folder = folder
        (folder / "screen").write_bytes(b"")  # killed at once, it would not even make one
        order = {
            "arguments": arguments,
            "environment": dict(environment),
            "folder": f"{folder}",
            "below": f"{folder / 'disk'}",
            "kind": plan.kind,
            "at": plan.at,
            "is_lasting": plan.is_lasting,
            "seconds": plan.seconds,
        }
        assert self._server.stdin
        self._server.stdin.write(json.dumps(order).encode() + b"\n")
        return int(self._answer()["pid"])

    def is_over(self, seconds: float) -> bool:
        """Whether the process has ended within this time."""
        assert self._server.stdout
        return bool(select.select([self._server.stdout], [], [], seconds)[0])

    def end(self) -> Told:
        """Wait for its end. Raises Violated for our bugs."""
        told = Told(**self._answer(), screen=(self._folder / "screen").read_text("utf-8", "replace"))
        said = told.screen[-800:]
        hold(told.code in (-9, 0, 1, 4, 7), f"`keys` ended with {told.code}: {said}")
        hold("Traceback" not in told.screen, said)
        return told

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, plan: Plan = UNDISTURBED
    ) -> Told:
        """Both."""
        self.begin(arguments, environment, folder, plan)
        return self.end()

    def keys(self, trial: Trial, plan: Plan = UNDISTURBED) -> Told:
        """`keys run` or `keys resume` of a trial, to its end."""
        return self.run(trial.arguments(), trial.environment(), trial.folder, plan)

    def _answer(self) -> dict[str, Any]:
        assert self._server.stdout
        answer: dict[str, Any] = json.loads(self._server.stdout.readline())
        return answer


def compiler() -> str | None:
    """The C compiler of this machine."""
    return shutil.which("cc")


def shim_in(folder: Path) -> Path:
    """Compile the shim."""
    shim = folder / "faults.so"
    cc = compiler() or "cc"
    subprocess.run([cc, "-shared", "-fPIC", "-O1", "-o", shim, HERE / "faults.c", "-ldl"], check=True)
    return shim


@contextmanager
def faulty_keys(shim: Path) -> Iterator[FaultyKeys]:
    """The process that is preloaded with the shim; it ends with this one at the latest."""
    environment = {**os.environ, "LD_PRELOAD": str(shim)}
    # Unbuffered: whether an answer waits must be seen at the pipe itself.
    server = subprocess.Popen(
        [sys.executable, str(HERE / "faulty_keys.py")],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    try:
        yield FaultyKeys(server)
    finally:
        server.communicate(timeout=60)


Check = Callable[[FaultyKeys, Trial, Plan, Tally], bool]
"""Disturb one run as planned and hold it against the promises; False where it ended without having met it."""


def disturb_each(
    program: FaultyKeys, folder: Path, plan: Plan, numbers: Iterable[int] | None = None
) -> Tally:
    """Disturb call 1, 2, 3 … of a whole run (or those of `numbers`) until a run ends without having met it."""
    return each_call(program, folder, plan, numbers, _one)


def each_call(
    program: FaultyKeys, folder: Path, plan: Plan, numbers: Iterable[int] | None, check: Check
) -> Tally:
    """The same with a check of one's own for each disturbed run."""
    tally = Tally()
    for at in numbers or count(1):
        place = folder / f"{plan.kind}-{plan.seconds}-{'lasting' if plan.is_lasting else 'once'}-{at}"
        place.mkdir()
        try:
            if not check(program, Trial(place), replace(plan, at=at), tally):
                return tally
        except Violated as violated:
            tally.violations.append(f"{plan.words()}, call {at}: {violated}")
        finally:
            shutil.rmtree(place)
    return tally


def _one(program: FaultyKeys, trial: Trial, plan: Plan, tally: Tally) -> bool:
    told = program.keys(trial, plan)
    if not told.met:
        trial.check_end(program.keys)
        return False
    tally.disturbed += 1
    tally.unknown += trial.check()
    tally.before_opening += not trial.entries()
    if told.code == 1:
        hold_is_named(told.screen, trial)
    finish(program, trial, tally)
    return True


def finish(program: FaultyKeys, trial: Trial, tally: Tally) -> None:
    """Take the run up again, undisturbed, until it ends; hold it against the promises."""
    for _ in range(TRIES):
        if trial.is_ended():
            break
        tally.resumed += 1
        program.keys(trial)
        trial.check()
    trial.check_end(program.keys)
    tally.entries += len(trial.entries())


def hold_is_named(screen: str, trial: Trial) -> None:
    """A refusal names a place that can be looked at, and ends with what to do: more than one sentence."""
    last = screen[screen.rfind("keys: ") :]
    hold(last.startswith("keys: "), f"nothing is said: {screen[-300:]}")
    hold(f"{trial.folder}" in last or "r-20" in last or "command" in last, f"no place is named: {last}")
    hold(len([part for part in last.split(". ") if part.strip()]) > 1, f"it does not say what to do: {last}")
