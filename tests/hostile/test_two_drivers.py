"""Two drivers, and a driver whose command outlives it: one acts, the other says who has the run and what to do."""

from __future__ import annotations

import os
import re
import signal

import pytest
from small_pack import Place, holds_before, is_alive

COUNTED = 'echo made >> "$HOME/count"'


@pytest.mark.parametrize("rounds", [5, pytest.param(40, marks=pytest.mark.long)])
def test_of_two_resumes_at_once_exactly_one_acts(place: Place, rounds: int) -> None:
    """Every time: the change happens once, one process drives on, the other one says what to do."""
    place.write(change=f"{COUNTED}\nsleep 0.2")
    for number in range(rounds):
        assert place.said(*place.run())[0] == 7
        rivals = [place.keys(*place.resume("A1", "it is right")) for _ in range(2)]
        outputs = [rival.communicate(timeout=60)[0] for rival in rivals]
        codes = [rival.returncode for rival in rivals]
        assert sorted(codes) == [0, 1], outputs
        loser = outputs[codes.index(1)]
        _assert_says_who_and_what(loser)
        assert (place.folder / "count").read_text().count("made") == number + 1
    assert "The journal is whole" in place.said("verify")[1]


def _assert_says_who_and_what(text: str) -> None:
    is_driven = "Another terminal is driving this run" in text and "`keys resume` works here" in text
    is_over = "No run is waiting to be resumed" in text
    assert is_driven or is_over, text
    assert "Traceback" not in text


def _with_a_killed_driver(place: Place, change: str) -> int:
    """A run whose driver was killed while its change went on; the number of the change's process."""
    place.write(change=f'echo "$$" > "$HOME/pid"\n{change}')
    driver = place.keys(*place.run("A1", "it is right"))
    pid_file, claims = place.folder / "pid", place.home / "claims"
    assert holds_before(30, lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    pid = int(pid_file.read_text())
    # Before its number is noted, whoever holds the lock counts as the command: that is another test's.
    assert holds_before(30, lambda: any(f"{pid}" in path.read_text() for path in claims.glob("*.attempt")))
    driver.kill()
    driver.communicate(timeout=30)
    return pid


@pytest.fixture
def _no_orphans(place: Place) -> object:
    """End what a failed test left running."""
    yield
    for path in place.folder.glob("*pid"):
        try:
            os.killpg(os.getpgid(int(path.read_text())), signal.SIGKILL)
        except (ProcessLookupError, ValueError):
            continue


@pytest.mark.usefixtures("_no_orphans")
def test_a_command_that_outlives_its_driver_is_named_with_the_ways_out(place: Place) -> None:
    """Which process, since when, and the two ways on; nothing is done beside it."""
    pid = _with_a_killed_driver(place, "sleep 60; :")
    code, output = place.said(*place.resume("y", "I looked", "1", "it is there"))
    said = " ".join(output.split())
    assert code == 1
    assert "The command of A1 still runs from before, since 20" in said
    assert re.search(rf"bash \(pid {pid}\)", said)
    assert re.search(r"`keys resume r-[a-z0-9-]+ --wait`", said)
    assert "--end-leftover` asks, then ends it" in said
    assert is_alive(pid)


@pytest.mark.usefixtures("_no_orphans")
def test_waiting_for_it_goes_on_when_it_has_ended(place: Place) -> None:
    """The wait says what it waits for; then the change is unknown and a person says what became of it."""
    pid = _with_a_killed_driver(place, f'while [ ! -e "$HOME/go" ]; do sleep 0.05; done\n{COUNTED}')
    waiting = place.keys(*place.resume("y", "I looked", "1", "it is there"), "--wait")
    assert waiting.stdout
    line = waiting.stdout.readline()
    assert "still runs from before" in line
    assert waiting.poll() is None
    (place.folder / "go").touch()
    output = line + waiting.communicate(timeout=60)[0]
    assert waiting.returncode == 0, output
    assert "UNKNOWN: A1 was started" in output
    assert not is_alive(pid)
    assert (place.folder / "count").read_text() == "made\n"


@pytest.mark.usefixtures("_no_orphans")
def test_leaving_while_waiting_keeps_run_and_command(place: Place) -> None:
    """SIGINT, SIGTERM: nothing was ended and nothing is decided."""
    pid = _with_a_killed_driver(place, "sleep 60; :")
    waiting = place.keys(*place.resume(), "--wait")
    assert waiting.stdout
    waiting.stdout.readline()
    waiting.send_signal(signal.SIGTERM)
    waiting.communicate(timeout=30)
    assert waiting.returncode == 130
    assert is_alive(pid)


@pytest.mark.usefixtures("_no_orphans")
@pytest.mark.parametrize("change", ["sleep 60; :", "trap '' TERM; while :; do sleep 0.2; done"])
def test_ending_it_asks_ends_its_group_and_puts_it_on_record(place: Place, change: str) -> None:
    """Also one that ignores SIGTERM; afterwards the change is unknown, as after any crash, and is not repeated."""
    pid = _with_a_killed_driver(place, f'{COUNTED}\nsleep 61 & echo $! > "$HOME/child_pid"\n{change}')
    assert holds_before(30, (place.folder / "child_pid").exists)
    child = int((place.folder / "child_pid").read_text())
    answers = ("A1", "the deploy hangs", "y", "I looked", "1", "it is there")
    code, output = place.said(*place.resume(*answers), "--end-leftover")
    assert code == 0, output
    assert "UNKNOWN: A1 was started" in output
    assert not is_alive(pid)
    assert not is_alive(child)
    timeline = " ".join(place.said("show", _run_of(place))[1].split())
    assert f"bash (pid {pid})" in timeline
    assert "(the deploy hangs)" in timeline
    assert (place.folder / "count").read_text() == "made\n"
    assert "The journal is whole" in place.said("verify")[1]


@pytest.mark.usefixtures("_no_orphans")
@pytest.mark.parametrize("answers", [(), ("",), ("y", "yes"), ("A1",), ("A1", " ")])
def test_without_label_and_reason_nothing_is_ended(place: Place, answers: tuple[str, ...]) -> None:
    """Silence, a yes, a label without a reason: the command goes on, and the journal has no new entry."""
    pid = _with_a_killed_driver(place, "sleep 60; :")
    before = place.said("show", "--entries")[1]
    code, output = place.said(*place.resume(*answers), "--end-leftover")
    assert code == 1, output
    assert is_alive(pid)
    assert place.said("show", "--entries")[1] == before


@pytest.mark.usefixtures("_no_orphans")
def test_a_service_that_the_change_started_holds_nobody_up(place: Place) -> None:
    """The command has ended, its service goes on: the run goes on too, and the service stays."""
    service = 'setsid sleep 62 </dev/null >/dev/null 2>&1 & echo $! > "$HOME/service_pid"'
    pid = _with_a_killed_driver(place, f"{service}\nsleep 0.5; :")
    assert holds_before(30, lambda: not is_alive(pid))
    pid_of_service = int((place.folder / "service_pid").read_text())
    code, output = place.said(*place.resume("y", "I looked", "1", "it is there"))
    assert code == 0, output
    assert is_alive(pid_of_service)


def _run_of(place: Place) -> str:
    found = re.search(r"r-[a-z0-9-]+", place.said("runs")[1])
    assert found
    return found.group()
