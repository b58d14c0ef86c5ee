"""Somebody sets the wall clock in the middle of a run: the record says so, and nothing else happens because of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from clocks import STEPS, set_clock_in_runs
from faulty import FaultyKeys, Plan
from trial import Trial


@pytest.mark.parametrize("step", STEPS)
def test_a_clock_that_is_set_is_on_record_and_nothing_is_due_because_of_it(
    program: FaultyKeys, tmp_path: Path, step: str
) -> None:
    """At a few of the calls of a run, the approval's among them; the long suite does it at every one."""
    tally = set_clock_in_runs(program, tmp_path, STEPS[step], [5, 61, 100, 137, 171, 177, 205, 239])
    assert tally.violations == []
    assert tally.disturbed == 8


@pytest.mark.long
@pytest.mark.parametrize("step", STEPS)
def test_a_clock_set_at_any_call_breaks_no_promise(program: FaultyKeys, tmp_path: Path, step: str) -> None:
    """N = 1, 2, 3 … until a run ends without having met it."""
    assert set_clock_in_runs(program, tmp_path, STEPS[step]).violations == []


@pytest.mark.parametrize(("seconds", "told"), [(-3 * 86_400, "left"), (4 * 86_400, "OVER by")])
def test_the_clock_of_a_breach_is_told_in_plain_words_whatever_the_wall_shows(
    program: FaultyKeys, tmp_path: Path, seconds: int, told: str
) -> None:
    """72 hours from when somebody knew, by the clock as it is now; no negative time on the screen."""
    (tmp_path / "trial").mkdir()
    trial = Trial(tmp_path / "trial")
    program.keys(trial)
    run = trial.run_name()
    program.run(["aware", run, "--now"], trial.environment(), trial.folder)
    plan = Plan("clock", 1, seconds=seconds)
    noted = program.run(
        ["aware", run, "--record", "facts", "a list"], trial.environment(), trial.folder, plan
    )
    assert (noted.code, noted.met) == (0, 1)
    assert told in noted.screen
    assert " -" not in noted.screen.split("Authority")[1].split("On record")[0]
