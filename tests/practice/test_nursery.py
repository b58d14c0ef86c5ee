"""How the processes of a world begin: forked, and as separate as started ones."""

import os
import signal
from pathlib import Path

import psycopg
import pytest

from keys_practice import cluster
from keys_practice.database import NAME
from keys_practice.processes import children_of, wait_until
from keys_practice.world import World

PATIENCE_SECONDS = 20


def test_a_forked_service_shows_its_own_command_line(world: World) -> None:
    """`ps` tells the services of two worlds apart, and one from the other."""
    for part in ("app", "letters", "stripe"):
        assert _words(world.company.unit(part)["pid"])[-2:] != _words(world.keeper_pid)[-2:]
        assert [str(world.folder), part] == _words(world.company.unit(part)["pid"])[3:5]
    assert [str(world.folder), "keeper"] == _words(world.keeper_pid)[3:5]


def test_a_forked_service_has_the_environment_of_its_unit_and_nothing_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A variable of ours does not reach it, one that a fault sets does: its clock is wrong."""
    monkeypatch.setenv("HOST_CLOCK_OFFSET_SECONDS", "86400")
    with World.start() as started:
        started.break_with("nothing-broken")
        assert started.judge().is_healthy
        started.break_with("clock-wrong")
        assert not started.judge(0).is_healthy


def test_killing_one_service_ends_no_other(fresh_world: World) -> None:
    """The keeper says that it crashed, and with which signal."""
    company = fresh_world.company
    os.kill(company.unit("letters")["pid"], signal.SIGKILL)
    assert wait_until(lambda: company.unit("letters")["state"] == "crashed", PATIENCE_SECONDS)
    assert company.unit("letters")["exit_code"] == 128 + signal.SIGKILL
    assert company.unit("app")["state"] == "running"
    assert company.is_listening()


def test_a_world_outlives_the_nursery_and_the_next_gets_another(world: World) -> None:
    """Somebody killed the nursery: the world goes on, and a new one starts all the same."""
    (nursery,) = _nurseries()
    os.kill(nursery, signal.SIGKILL)
    assert world.company.is_listening()
    with World.start() as another:
        assert another.company.is_listening()
    assert _nurseries() != [nursery]


def test_each_world_has_one_database_and_a_superuser_password_of_its_own(world: World) -> None:
    """The copied cluster's password opens nothing."""
    with psycopg.connect(world.company.databases.superuser) as connection:
        assert connection.execute("SELECT datname FROM pg_database").fetchall() == [(NAME,)]
    copied = cluster.of_this_process(NAME).password
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(world.company.databases.superuser, password=copied)


def _nurseries() -> list[int]:
    return [pid for pid in children_of(os.getpid()) if "nursery" in _words(pid)]


def _words(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode().split("\0")
