"""A clock that was set is on the record; what waits or drifts a little is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from keyring import AT, RUN, wait

from runbook_keys.driver.session import Session, Values
from runbook_keys.engine import inputs as i
from runbook_keys.journal.lines import read
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.event import AnyEvent, ClockStepped, NoteAdded
from runbook_keys.model.runbook import Block, Runbook, SafetyClass, Step, StepKind
from runbook_keys.stores.memory import MemoryStore
from runbook_keys.system.clock import SystemClock
from runbook_keys.testing.clock import FakeClock
from runbook_keys.testing.ids import SequentialIds


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


def events_after(step: timedelta, *, is_resumed: bool) -> list[AnyEvent]:
    """What a run holds when the clock was set before a note: under the driver's eyes, or between two drivers."""

    async def body() -> list[AnyEvent]:
        store, clock = MemoryStore(), FakeClock()
        look = Step("S1", StepKind.SAFETY_CHECK, "Look", SafetyClass.SAFE, Block("bash", "true\n", 1), ())
        runbook = Runbook("slug", steps=(look,))
        first = Session(RUN, runbook, Values({}, frozenset(), {}), store, clock, SequentialIds())
        await first.tell(i.Open("slug", "1.0.0", "d", "", "", {}, RUN), DRIVER)
        session = first
        if is_resumed:
            clock = FakeClock(clock.now() + step)
            session = Session(RUN, runbook, Values({}, frozenset(), {}), store, clock, SequentialIds())
            session.replay(first.entries, first.head)
        else:
            clock.set_by(step)
        await session.tell(i.Note("d"), DRIVER)
        await session.tell(i.Note("d"), DRIVER)
        return [read(each).event for each in await store.entries(RUN)][2:]

    return wait(body())


@pytest.mark.parametrize("seconds", [90, -90])
def test_a_clock_that_was_set_is_an_event_before_what_follows(seconds: int) -> None:
    """Once, with its size; order comes from the sequence all the same."""
    found = events_after(timedelta(seconds=seconds), is_resumed=False)
    assert [type(event) for event in found] == [ClockStepped, NoteAdded, NoteAdded]
    assert found[0] == ClockStepped(seconds * 1000)


def test_a_clock_that_went_back_between_two_drivers_is_an_event() -> None:
    """Held against the last entry; forward nobody can tell it from time that passed."""
    found = events_after(timedelta(seconds=-90), is_resumed=True)
    assert found[0] == ClockStepped(-90_000)
    assert [type(event) for event in events_after(timedelta(seconds=90), is_resumed=True)] == [NoteAdded] * 2
