"""A clock that was set is on the record; what waits or drifts a little is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from keyring import AT

from runbook_keys.system.clock import SystemClock


class Machine:
    """A machine whose wall clock can be set."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.set_by = 0.0
        self.clock = SystemClock(
            lambda: AT + timedelta(seconds=self.passed + self.set_by), steady=lambda: self.passed
        )


@pytest.mark.parametrize("seconds", [3600.0, -3600.0, 1.5, -1.5])
def test_a_step_over_one_second_is_told_once(seconds: float) -> None:
    """Forward or back, with its size; the next question starts from there."""
    machine = Machine()
    machine.passed, machine.set_by = 100.0, seconds
    assert machine.clock.stepped() == timedelta(seconds=seconds)
    assert machine.clock.stepped() == timedelta(0)


def test_time_that_passes_is_no_step() -> None:
    """However long, also while the machine is suspended."""
    machine = Machine()
    machine.passed = 86_400.0
    assert machine.clock.stepped() == timedelta(0)


def test_small_corrections_never_add_up_to_a_step() -> None:
    """A time server moves the clock by less than a second at a time."""
    machine = Machine()
    for _ in range(10):
        machine.passed += 60
        machine.set_by += 0.5
        assert machine.clock.stepped() == timedelta(0)
