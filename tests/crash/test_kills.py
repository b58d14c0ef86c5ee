"""`kill -9` at random moments of real runs: nothing acknowledged is lost, nothing happens twice, every run can end."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from trial import kill_many_times


def test_thirty_kills_at_random_moments_break_no_promise(tmp_path: Path) -> None:
    """The counter outside says that each action happened exactly once in the end."""
    tally = kill_many_times(tmp_path, times=30, seed=1)
    assert tally.violations == []
    assert tally.unknown > 0, "no kill hit a running command: the moments were badly chosen"


@pytest.mark.long
def test_five_hundred_kills_at_random_moments_break_no_promise(tmp_path: Path) -> None:
    """Each time with other moments; a failure names its seed."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    tally = kill_many_times(tmp_path, times=500, seed=seed)
    assert tally.violations == []
