"""Commands that the clerk does are like any other: streams, folder, exit code, and an end when their caller ends."""

import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from keys_practice.layout import Layout
from keys_practice.processes import wait_until
from keys_practice.world import World


def _call(
    world: World, *argv: str, told: str = "", folder: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        argv, env=world.environment(), input=told, capture_output=True, text=True, check=False, cwd=folder
    )


def test_output_errors_and_exit_code_are_the_commands_own(world: World) -> None:
    """An answer on stdout, a complaint on stderr, usage with 2."""
    good, bad = _call(world, "recordsctl", "runs", "--json"), _call(world, "recordsctl", "runs", "--sideways")
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout) is not None
    assert (bad.returncode, bad.stdout) == (2, "")
    assert "unrecognized arguments: --sideways" in bad.stderr


def test_what_is_typed_in_reaches_the_command(world: World) -> None:
    """A plan comes by stdin; one that is no JSON is refused with the reason."""
    said = _call(world, "recordsctl", "plan", "a-run", "--json", told="no JSON")
    assert said.returncode != 0
    assert said.stderr.startswith("recordsctl: ")


def test_a_caller_whose_folder_is_gone_is_served(world: World, tmp_path: Path) -> None:
    """A shell would run it all the same."""
    argv = ["sh", "-c", "mkdir gone && cd gone && rmdir ../gone && exec recordsctl runs --json"]
    assert _call(world, *argv, folder=tmp_path).returncode == 0


def test_the_work_ends_with_its_caller(world: World) -> None:
    """Killing the command kills what is done for it: nothing goes on that nobody waits for."""
    with subprocess.Popen(
        ["recordsctl", "plan", "a-run"], env=world.environment(), stdin=subprocess.PIPE, text=True
    ) as called:
        clerk = world.company.unit("clerk")["pid"]
        assert wait_until(lambda: _children(clerk) != [], 10)
        (work,) = _children(clerk)
        called.send_signal(signal.SIGKILL)
        assert wait_until(lambda: not Path(f"/proc/{work}").exists(), 10)


def test_without_a_clerk_a_command_could_not_find_out(world: World) -> None:
    """It says so, and ends with 3; the next test gets the clerk back."""
    world.company.keeper("stop", "clerk")
    said = _call(world, "recordsctl", "runs")
    world.company.keeper("start", "clerk")
    assert wait_until(lambda: _call(world, "recordsctl", "runs").returncode == 0, 10)
    assert (said.returncode, said.stderr) == (3, "recordsctl: the clerk that does this does not answer.\n")


@pytest.mark.parametrize("noise", [b"", b"nonsense"])
def test_noise_at_the_desk_disturbs_nobody(world: World, noise: bytes) -> None:
    """A caller without streams is not served, and the next one is."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(Layout(world.folder).clerk_socket))
        if noise:
            caller.sendall(noise)
    assert _call(world, "recordsctl", "runs").returncode == 0


def test_the_desk_is_private(world: World) -> None:
    """Only who runs the company can ask."""
    assert Layout(world.folder).clerk_socket.stat().st_mode & 0o077 == 0


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8")
    return [int(each) for each in text.split()]
