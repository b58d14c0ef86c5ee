"""The wall clock, also when somebody sets it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from runbook_keys.ports import Clock
from runbook_keys.system.clock import SystemClock
from runbook_keys.testing.clock import FakeClock

AT = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)


def scripted(*instants: datetime) -> Callable[[], datetime]:
    """A wall clock that shows these instants one after the other, then stands still at the last."""
    coming = list(instants)
    return lambda: coming.pop(0) if len(coming) > 1 else coming[0]


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()])
def test_every_clock_shows_an_aware_instant_in_utc_of_whole_milliseconds(clock: Clock) -> None:
    """So that an entry comes back from its line as it was."""
    now = clock.now()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
    assert clock.scale == 1


def test_the_system_clock_shows_the_time_of_this_machine() -> None:
    """Between two looks at the machine's own clock, cut to milliseconds."""
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before - timedelta(milliseconds=1) < now <= datetime.now(UTC)


def test_a_sleeper_wakes_when_the_clock_has_reached_the_instant() -> None:
    """Never before it."""
    clock = SystemClock()
    until = clock.now() + timedelta(milliseconds=30)
    asyncio.run(clock.sleep_until(until))
    assert clock.now() >= until


def test_a_sleeper_notices_that_the_machine_slept_or_the_clock_was_set_forward() -> None:
    """The wall clock jumps by an hour during the first slice: the sleeper does not sleep that hour again."""
    clock = SystemClock(scripted(AT, AT + timedelta(hours=1)), slice_seconds=0.001)
    asyncio.run(asyncio.wait_for(clock.sleep_until(AT + timedelta(minutes=30)), timeout=60))


def test_a_sleeper_sleeps_on_when_the_clock_was_set_back() -> None:
    """What is due at nine is due when the clock shows nine."""
    shown = [AT, AT - timedelta(hours=1), AT + timedelta(minutes=1)]
    wall = scripted(*shown)
    seen: list[datetime] = []

    def watched() -> datetime:
        seen.append(wall())
        return seen[-1]

    asyncio.run(SystemClock(watched, slice_seconds=0.001).sleep_until(AT + timedelta(minutes=1)))
    assert seen == shown


def test_an_instant_that_has_passed_is_not_waited_for() -> None:
    """Also not by the fake clock, which then does not go back."""
    asyncio.run(SystemClock(scripted(AT), slice_seconds=3600).sleep_until(AT))
    fake = FakeClock(AT)
    asyncio.run(fake.sleep_until(AT - timedelta(days=1)))
    assert fake.now() == AT


def test_the_fake_clock_goes_when_it_is_told_to() -> None:
    """By sleeping or by advancing, forward or back."""
    fake = FakeClock(AT)
    asyncio.run(fake.sleep_until(AT + timedelta(hours=2)))
    fake.advance(timedelta(hours=-1))
    assert fake.now() == AT + timedelta(hours=1)
