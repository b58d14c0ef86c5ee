"""When a failed delivery is tried again, and when an endpoint is given up. All times are world seconds."""

from typing import NamedTuple

from keys_practice.stripe.clock import DAY, HOUR, MINUTE

BACK_OFF = (30 * MINUTE, 1 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR)
DISABLE_AFTER = 3 * DAY


class AfterFailure(NamedTuple):
    """What follows a failed attempt. `next_attempt` is None when the endpoint is disabled now."""

    failing_since: float
    is_disabling: bool
    next_attempt: float | None


def after_failure(failed_attempts: int, now: float, failing_since: float | None) -> AfterFailure:
    """Decide after the `failed_attempts`-th failure (from 1) of one event.

    `failing_since` is when the endpoint's present series of failures began; None when this one begins it.
    """
    began = now if failing_since is None else failing_since
    if now - began >= DISABLE_AFTER:
        return AfterFailure(began, True, None)
    step = min(failed_attempts, len(BACK_OFF)) - 1
    return AfterFailure(began, False, now + BACK_OFF[step])
