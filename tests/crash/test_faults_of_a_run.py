"""Every input and output of a whole run fails once, and from then on: nothing is lost, doubled or half done."""

from __future__ import annotations

from pathlib import Path

import pytest
from faulty import FAULTS, FaultyKeys, Plan, disturb_each
from trial import Trial


@pytest.mark.parametrize("is_lasting", [False, True])
@pytest.mark.parametrize("kind", FAULTS)
def test_a_run_whose_nth_call_fails_keeps_every_promise(
    program: FaultyKeys, tmp_path: Path, kind: str, is_lasting: bool
) -> None:
    """A few of the calls, spread over the whole run; the long suite fails every one."""
    step = {"flush": 9, "pipe": 3, "unreadable": 11, "part": 11}.get(kind, 41)
    plan = Plan(kind, is_lasting=is_lasting)
    tally = disturb_each(program, tmp_path, plan, range(1 + is_lasting, 10**6, step))
    assert tally.violations == []
    assert tally.disturbed > 1


@pytest.mark.long
@pytest.mark.parametrize("is_lasting", [False, True])
@pytest.mark.parametrize("kind", FAULTS)
def test_a_run_of_which_each_call_fails_in_turn_keeps_every_promise(
    program: FaultyKeys, tmp_path: Path, kind: str, is_lasting: bool
) -> None:
    """N = 1, 2, 3 … until a run ends without having met the fault."""
    assert disturb_each(program, tmp_path, Plan(kind, is_lasting=is_lasting)).violations == []


@pytest.mark.parametrize("at", range(2, 10))
@pytest.mark.parametrize("is_lasting", [False, True])
def test_what_a_failing_disk_does_not_give_is_never_taken_for_a_damaged_journal(
    program: FaultyKeys, tmp_path: Path, at: int, is_lasting: bool
) -> None:
    """Nobody is told to restore a backup because one read failed."""
    tmp_path.joinpath("trial").mkdir()
    trial = Trial(tmp_path / "trial")
    told = program.keys(trial, Plan("unreadable", at, is_lasting))
    assert told.met > 0
    assert "backup" not in told.screen
