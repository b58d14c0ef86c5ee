"""A world ends completely, however its end comes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from keys_practice import folders, founding
from keys_practice.errors import PracticeError
from keys_practice.layout import Layout
from keys_practice.processes import children_of, is_alive, mentioning, wait_until
from keys_practice.world import World

PATIENCE_SECONDS = 15
STARTER = """
import sys, time
from pathlib import Path
from keys_practice.world import World
world = World.start(Path(sys.argv[1]))
world.keep_busy(0.2)
print(world.folder, world.keeper_pid, flush=True)
time.sleep(600)
"""


class Started(NamedTuple):
    """A world that another Python process started, busy with traffic."""

    starter: subprocess.Popen[str]
    folder: Path
    keeper: int
    pids: list[int]

    def has_no_process(self) -> bool:
        """Whether everything of it has ended, also what is not known by pid."""
        return not any(map(is_alive, self.pids)) and not mentioning(str(self.folder))


@pytest.fixture
def parent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for worlds in which nobody else makes any; PostgreSQL's user can enter it."""
    place = Path("/tmp") / f"lw-{os.getpid()}-{os.urandom(3).hex()}"
    place.mkdir(mode=0o755)
    yield place
    for left in place.iterdir():
        folders.remove(left)
    place.rmdir()


@pytest.fixture
def started(parent: Path) -> Iterator[Started]:
    """A world of another process."""
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(parent)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert starter.stdout is not None
    with starter.stdout as told:
        folder, keeper = told.readline().split()
    yield Started(starter, Path(folder), int(keeper), _family(int(keeper)))
    starter.kill()
    starter.wait()


def _family(pid: int) -> list[int]:
    return [pid, *(each for child in children_of(pid) for each in _family(child))]


def test_stop_leaves_no_process_no_port_and_no_folder() -> None:
    """Everything is gone when stop() returns, and stopping again does nothing."""
    world = World.start()
    pids = _family(world.keeper_pid)
    ports = [int(world.inputs()[name].rpartition(":")[2]) for name in ("APP_URL", "LETTERS_URL")]
    assert len(pids) >= 5
    world.stop()
    assert not any(map(is_alive, pids))
    assert not world.folder.exists()
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=2)
    world.stop()


def test_nothing_survives_kill_9_of_the_process_that_started_it(started: Started) -> None:
    """The keeper sees its pipe end, ends every process and removes the folder."""
    started.starter.send_signal(signal.SIGKILL)
    started.starter.wait()
    assert wait_until(lambda: started.has_no_process() and not started.folder.exists(), PATIENCE_SECONDS)


def test_no_process_survives_kill_9_of_the_keeper(started: Started, parent: Path) -> None:
    """The kernel ends them; the next world that starts there removes the folder."""
    os.kill(started.keeper, signal.SIGKILL)
    assert wait_until(lambda: not any(map(is_alive, started.pids)), PATIENCE_SECONDS)
    assert started.folder.exists()
    assert folders.sweep(parent) == [started.folder]
    assert not started.folder.exists()


def test_stop_cleans_up_after_a_killed_keeper(parent: Path) -> None:
    """The parent's own stop() removes what the keeper could not."""
    with World.start(parent) as world:
        os.kill(world.keeper_pid, signal.SIGKILL)
    assert not world.folder.exists()


def test_ctrl_c_ends_a_world_politely(parent: Path) -> None:
    """`python -m keys_practice up` says how to reach it, and takes it down on SIGINT."""
    argv = [sys.executable, "-m", "keys_practice", "up", "--fault", "nothing-broken"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as up:
        assert up.stdout is not None
        told = []
        while not told or not told[-1].startswith("export APP_DATABASE_ADMIN="):
            told.append(up.stdout.readline())
            assert told[-1], up.communicate()
        up.send_signal(signal.SIGINT)
        up.wait(PATIENCE_SECONDS)
    (log,) = [line for line in told if line.startswith("export WEBHOOK_LOG=")]
    assert up.returncode == 0
    assert not Path(log.strip().partition("=")[2]).exists()


def test_a_living_world_is_not_swept(world: World) -> None:
    """A sweep next to it leaves it alone."""
    assert world.folder not in folders.sweep(world.folder.parent)
    assert world.judge().is_healthy


def test_a_folder_of_another_name_or_kind_is_not_swept(parent: Path) -> None:
    """Only real folders with a free lock are taken."""
    (parent / "larkspur-file").touch()
    (parent / "larkspur-nolock").mkdir()
    (parent / "elsewhere").mkdir()
    (parent / "elsewhere" / "keeper.lock").touch()
    (parent / "larkspur-link").symlink_to(parent / "elsewhere")
    assert folders.sweep(parent) == []
    (parent / "larkspur-link").unlink()
    (parent / "larkspur-file").unlink()


def test_worlds_do_not_disturb_each_other(world: World, fresh_world: World) -> None:
    """Breaking one leaves the other as it was."""
    fresh_world.break_with("service-not-running")
    verdict = world.judge()
    assert (verdict.problems, verdict.changed) == ([], [])
    assert not fresh_world.judge(0).is_healthy


def test_a_stopped_service_keeps_its_port(fresh_world: World) -> None:
    """Nothing listens there meanwhile, and nobody else can take it."""
    fresh_world.company.keeper("stop", "app")
    port = int(fresh_world.inputs()["APP_URL"].rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind(("127.0.0.1", port))
    fresh_world.company.keeper("start", "app")
    assert wait_until(fresh_world.company.is_listening, PATIENCE_SECONDS)


def test_a_start_that_fails_leaves_nothing(parent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No PostgreSQL on the machine: a clear error, and no process or folder stays."""
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("keys_practice.postgres.DEBIAN", Path("/nonexistent"))
    monkeypatch.setattr("keys_practice.postgres.WHEEL", "no_such_package")
    with pytest.raises(PracticeError, match="no PostgreSQL server"):
        founding.found(parent)
    assert list(parent.iterdir()) == []
    assert mentioning(str(parent)) == []


def test_a_parent_folder_that_makes_the_socket_too_long_is_refused(parent: Path) -> None:
    """The message says what to do; nothing was made."""
    deep = parent / ("d" * 80)
    deep.mkdir()
    with pytest.raises(PracticeError, match="too long"):
        World.start(deep)
    assert list(deep.iterdir()) == []


def test_children_inherit_no_file_that_they_do_not_need(world: World) -> None:
    """Neither the lock nor the pipe nor a held port is open in a service."""
    lock = str(Layout(world.folder).keeper_lock)
    for unit in ("app", "letters", "stripe"):
        opened = _opened_by(world.company.unit(unit)["pid"])
        assert lock not in opened
        assert not any(target.startswith("pipe:") for target in opened)
    assert lock in _opened_by(world.keeper_pid)


def _opened_by(pid: int) -> set[str]:
    opened = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a service closes one while we look
            opened.add(str(each.readlink()))
    return opened
