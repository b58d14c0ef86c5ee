"""When the local Stripe tries again and when it gives an endpoint up, on a clock that the test holds."""

import pytest
from held_clock import HeldClock

from keys_practice.stripe.clock import DAY, HOUR, MINUTE, WorldClock
from keys_practice.stripe.policy import DISABLE_AFTER, after_failure


def test_world_time_runs_at_its_speed_and_never_jumps_when_that_changes() -> None:
    """A change of speed goes on from the moment it happens."""
    real = HeldClock(100.0)
    clock = WorldClock(60, begin=1000, monotonic=real)
    real.seconds += 2
    assert clock.now() == 1120
    clock.set_speed(3600)
    assert clock.now() == 1120
    real.seconds += 1
    assert clock.now() == 4720


def test_a_wait_is_told_in_real_seconds_and_is_never_negative() -> None:
    """Half an hour of world time is thirty real seconds at the usual speed."""
    clock = WorldClock(60, monotonic=HeldClock(100.0))
    assert clock.real_seconds_until(30 * MINUTE) == 30
    assert clock.real_seconds_until(-5) == 0


@pytest.mark.parametrize(
    ("failures", "wait"),
    [
        (1, 30 * MINUTE),
        (2, HOUR),
        (3, 3 * HOUR),
        (4, 6 * HOUR),
        (5, 12 * HOUR),
        (6, 12 * HOUR),
        (60, 12 * HOUR),
    ],
)
def test_each_failure_waits_longer_up_to_twelve_hours(failures: int, wait: float) -> None:
    """The back-off grows and then stays."""
    then = after_failure(failures, now=HOUR, failing_since=0.0)
    assert (then.next_attempt, then.is_disabling) == (HOUR + wait, False)


def test_the_first_failure_begins_the_series() -> None:
    """The three days are counted from it."""
    assert after_failure(1, now=77.0, failing_since=None).failing_since == 77.0


def test_an_endpoint_is_given_up_when_its_failures_span_three_days() -> None:
    """One second before it is tried again; at three days it is disabled and nothing is planned."""
    assert not after_failure(7, DISABLE_AFTER - 1, 0.0).is_disabling
    given_up = after_failure(7, DISABLE_AFTER, 0.0)
    assert (given_up.is_disabling, given_up.next_attempt) == (True, None)


def test_an_event_that_always_fails_is_tried_a_few_times_before_the_end() -> None:
    """Following the policy from the first failure leads to the disabling, in bounded steps."""
    now, since, attempts = 0.0, None, 0
    while True:
        attempts += 1
        then = after_failure(attempts, now, since)
        if then.next_attempt is None:
            break
        assert then.next_attempt > now
        now, since = then.next_attempt, then.failing_since
    assert 3 * DAY <= now < 4 * DAY
    assert 8 <= attempts <= 12
