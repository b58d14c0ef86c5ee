"""`kill -9` in the middle of runs: nothing acknowledged is lost, nothing happens twice, every run can end."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from faulty import FaultyKeys
from kills import Kill, at_a_call, at_a_moment, kill_in_runs

KILLS = pytest.mark.parametrize("kill", [at_a_call, at_a_moment])


@KILLS
def test_a_few_kills_break_no_promise(program: FaultyKeys, tmp_path: Path, kill: Kill) -> None:
    """The counter outside says that each action happened exactly once in the end."""
    tally = kill_in_runs(program, tmp_path, kill, seed=1, trials=range(20))
    assert tally.violations == []
    assert tally.unknown > 0, "no kill hit a running command: the moments were badly chosen"


@KILLS
@pytest.mark.long
def test_many_kills_break_no_promise(program: FaultyKeys, tmp_path: Path, kill: Kill) -> None:
    """Each time with other ones; a failure names its seed."""
    seed = secrets.randbits(32)
    assert kill_in_runs(program, tmp_path, kill, seed, range(300)).violations == []


def test_the_same_seed_kills_at_the_same_calls(program: FaultyKeys, tmp_path: Path) -> None:
    """What a long suite found can be looked at again."""
    found = [kill_in_runs(program, tmp_path, at_a_call, 7, range(4)) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0].disturbed > 0
