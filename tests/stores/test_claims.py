"""One driver per run, held by the kernel, with real processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from journals import RUN

from runbook_keys.errors import JournalUnavailable, RunTaken
from runbook_keys.stores.claims import FileClaim

DRIVER = """
import subprocess, sys
from pathlib import Path
from runbook_keys.stores.claims import FileClaim

claim = FileClaim.take(Path(sys.argv[1]), sys.argv[2])
command = subprocess.Popen(["cat"], stdin=sys.stdin, stdout=subprocess.DEVNULL, pass_fds=[claim.attempt_fd])
print(command.pid, flush=True)
command.wait()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the lock files go."""
    return tmp_path / "claims"


@contextmanager
def command(*descriptors: int | None) -> Iterator[subprocess.Popen[bytes]]:
    """A real command that inherits these descriptors and runs until its input ends."""
    passed = [descriptor for descriptor in descriptors if descriptor is not None]
    with subprocess.Popen(
        ["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=passed
    ) as process:
        yield process


@contextmanager
def driver(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that drives the run, and the number of the command that it has started."""
    arguments = [sys.executable, "-c", DRIVER, str(folder), RUN]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        try:
            yield process, pid
        finally:
            for number in (process.pid, pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)


def holds_before(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true before a deadline."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_the_second_driver_is_told_who_drives(folder: Path) -> None:
    """With the process number, so that the person finds the other terminal."""
    with (
        driver(folder) as (process, _),
        pytest.raises(RunTaken, match=rf"\(pid {process.pid}\)\. Nothing was done"),
    ):
        FileClaim.take(folder, RUN)


def test_a_killed_driver_leaves_no_lock_behind(folder: Path) -> None:
    """`kill -9` at any moment: the kernel gives the run up, and the old number in the file misleads nobody."""
    with driver(folder) as (process, _):
        process.kill()
        process.wait(timeout=30)
        claim = FileClaim.take(folder, RUN)
        with pytest.raises(RunTaken, match=rf"\(pid {os.getpid()}\)"):
            FileClaim.take(folder, RUN)
        claim.release()


def test_a_command_that_outlives_its_driver_is_noticed_until_it_ends(folder: Path) -> None:
    """The next driver knows that the earlier command still runs, though its driver is gone."""
    with driver(folder) as (process, pid):
        process.kill()
        process.wait(timeout=30)
        claim = FileClaim.take(folder, RUN)
        assert claim.leftover()
        assert claim.leftover()
        os.kill(pid, signal.SIGKILL)
        assert holds_before(30, lambda: not claim.leftover())
        claim.release()


def test_a_drivers_own_command_is_no_leftover(folder: Path) -> None:
    """Only what an earlier driver started counts."""
    claim = FileClaim.take(folder, RUN)
    with command(claim.attempt_fd):
        assert not claim.leftover()
    claim.release()


def test_a_command_started_beside_a_leftover_is_noticed_as_well(folder: Path) -> None:
    """Two crashes in a row: both commands are still seen by the third driver."""
    first = FileClaim.take(folder, RUN)
    with command(first.attempt_fd) as one:
        first.release()
        second = FileClaim.take(folder, RUN)
        assert second.leftover()
        with command(second.attempt_fd) as two:
            second.release()
            one.kill()
            one.wait(timeout=30)
            third = FileClaim.take(folder, RUN)
            assert third.leftover()
            two.kill()
            two.wait(timeout=30)
            assert not third.leftover()
            third.release()


def test_a_process_that_was_given_nothing_holds_nothing(folder: Path) -> None:
    """The descriptors close on exec: only a command that gets one on purpose keeps a lock."""
    claim = FileClaim.take(folder, RUN)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False):
        claim.release()
        again = FileClaim.take(folder, RUN)
        assert not again.leftover()
        again.release()


def test_a_released_claim_lends_no_descriptor(folder: Path) -> None:
    """The number may belong to another file by then."""
    claim = FileClaim.take(folder, RUN)
    assert claim.attempt_fd is not None
    claim.release()
    assert claim.attempt_fd is None


def test_a_refused_claim_leaves_no_descriptor_open(folder: Path) -> None:
    """A surface may ask again and again."""
    claim = FileClaim.take(folder, RUN)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(RunTaken):
            FileClaim.take(folder, RUN)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    claim.release()


def test_lock_files_are_for_the_owner_only(folder: Path) -> None:
    """Nobody else may hold a run up by locking it."""
    FileClaim.take(folder, RUN).release()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()} == {
        f"{RUN}.lock": 0o600,
        f"{RUN}.attempt": 0o600,
    }


def test_lock_files_that_can_not_be_made_are_told(folder: Path) -> None:
    """A driver without a claim starts nothing."""
    folder.write_bytes(b"")
    with pytest.raises(JournalUnavailable, match="can't be claimed: File exists"):
        FileClaim.take(folder, RUN)
