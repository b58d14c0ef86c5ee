"""Fail the Nth input or output of a whole run, then let it go on without a fault: every promise must hold."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from trial import Tally, Trial, Violated

HERE = Path(__file__).parent
KINDS = {
    "full": "the disk is full (ENOSPC)",
    "broken": "the disk reports an error (EIO)",
    "short": "a write is cut short, then the disk is full",
    "flush": "a flush fails (fsync, fdatasync: EIO)",
    "pipe": "no pipe for a command (EMFILE)",
}
TRIES = 20
"""How often a person resumes before the run counts as one that can't end."""


class FaultyKeys:
    """`keys` with a shim between it and the C library."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def keys(self, trial: Trial, kind: str = "none", at: int = 0, is_lasting: bool = False) -> dict[str, int]:
        """`keys` to its end: its exit code, how many calls could have failed, how many did. Raises Violated for our bugs."""
        order = {
            "arguments": trial.arguments(),
            "environment": trial.environment(),
            "folder": str(trial.folder),
            "kind": kind,
            "at": at,
            "is_lasting": is_lasting,
        }
        assert self._server.stdin
        assert self._server.stdout
        print(json.dumps(order), file=self._server.stdin, flush=True)
        told: dict[str, int] = json.loads(self._server.stdout.readline())
        screen = (trial.folder / "screen").read_text("utf-8", "replace")
        if told["code"] not in (0, 1, 4, 7):
            raise Violated(f"`keys` ended with {told['code']}: {screen[-800:]}")
        return told


def compiler() -> str | None:
    """The C compiler of this machine."""
    return shutil.which("cc")


@contextmanager
def faulty_keys(folder: Path) -> Iterator[FaultyKeys]:
    """Compile the shim and start the process that is preloaded with it."""
    shim = folder / "faults.so"
    cc = compiler() or "cc"
    subprocess.run([cc, "-shared", "-fPIC", "-O1", "-o", shim, HERE / "faults.c", "-ldl"], check=True)
    environment = {**os.environ, "LD_PRELOAD": str(shim)}
    server = subprocess.Popen(
        [sys.executable, str(HERE / "faulty_keys.py")],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield FaultyKeys(server)
    finally:
        server.communicate(timeout=60)


def fail_each(
    program: FaultyKeys, folder: Path, kind: str, is_lasting: bool, numbers: Iterable[int] | None = None
) -> Tally:
    """Fail call 1, 2, 3 … of a whole run (or those of `numbers`) until a run ends without having met its fault."""
    tally = Tally()
    for at in numbers or count(1):
        place = folder / f"{kind}-{'lasting' if is_lasting else 'once'}-{at}"
        place.mkdir()
        try:
            if not _one(program, Trial(place), kind, at, is_lasting, tally):
                return tally
        except Violated as violated:
            tally.violations.append(
                f"{kind}, call {at}, {'from then on' if is_lasting else 'once'}: {violated}"
            )
        shutil.rmtree(place)
    return tally


def _one(program: FaultyKeys, trial: Trial, kind: str, at: int, is_lasting: bool, tally: Tally) -> bool:
    told: dict[str, Any] = program.keys(trial, kind, at, is_lasting)
    if not told["met"]:
        trial.check_end(program.keys)
        return False
    tally.disturbed += 1
    tally.unknown += trial.check()
    tally.before_opening += not trial.entries()
    for _ in range(TRIES):
        if trial.is_ended():
            break
        tally.resumed += 1
        program.keys(trial)
        trial.check()
    trial.check_end(program.keys)
    tally.entries += len(trial.entries())
    return True
