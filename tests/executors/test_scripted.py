"""The stand-in for executors plays its script and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from runbook_keys.model.outcome import Observation, Outcome, OutcomeKind, Role
from runbook_keys.testing.executor import ScriptedExecutor
from runbook_keys.testing.task import a_task

GOOD = Outcome(OutcomeKind.SUCCEEDED, Observation(exit_code=0))
BAD = Outcome(OutcomeKind.FAILED, Observation(exit_code=1))


def play(executor: ScriptedExecutor, role: Role = Role.WORK) -> Outcome:
    """One attempt of D1."""
    return asyncio.run(executor.execute(a_task("true", role=role), lambda _: None))


def test_a_part_for_a_role_counts_before_the_part_of_the_step() -> None:
    """The other roles of the step play the step's part."""
    executor = ScriptedExecutor({"D1": GOOD, ("D1", Role.PROBE): BAD})
    assert (play(executor), play(executor, Role.PROBE)) == (GOOD, BAD)
    assert [task.role for task in executor.tasks] == [Role.WORK, Role.PROBE]


def test_several_outcomes_are_played_in_turn_and_the_last_one_stays() -> None:
    """Each role counts for itself."""
    executor = ScriptedExecutor({"D1": [BAD, GOOD]})
    assert [play(executor), play(executor, Role.PROBE), play(executor), play(executor)] == [
        BAD,
        BAD,
        GOOD,
        GOOD,
    ]


def test_an_attempt_that_nobody_expected_is_an_error() -> None:
    """A rehearsal must not pass by accident."""
    with pytest.raises(AssertionError, match="Nobody expected probe of D1"):
        play(ScriptedExecutor({}), Role.PROBE)
