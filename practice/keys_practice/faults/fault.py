"""What a fault is, and how one waits until its symptom shows."""

from collections.abc import Callable
from dataclasses import dataclass

from keys_practice.company import Company

EVENTS_WHILE_BROKEN = 5
PAYMENT = "invoice.paid"


@dataclass(frozen=True)
class Fault:
    """One way to break the company.

    `allowed_changes` are the kinds of change (see snapshot.py) that a right recovery may make; everything else that
    differs afterwards was touched without need. `cause` returns when the symptom can be seen.
    """

    description: str
    cause: Callable[[Company], None]
    allowed_changes: frozenset[str] = frozenset()


def let_events_fail(company: Company) -> None:
    """Let events happen and wait until each was refused."""
    let_events_end_as(company, "failed")


def let_events_be_accepted(company: Company) -> None:
    """Let events happen and wait until each was answered with 200."""
    let_events_end_as(company, "delivered")


def let_events_end_as(company: Company, *states: str) -> None:
    """Let events happen, a payment among them, and wait until their deliveries have come to exactly these states.

    A disabled endpoint is sent nothing: there every event is to wait, whatever else is broken.
    """
    is_enabled = company.endpoint()["status"] == "enabled"
    wanted = set(states) if is_enabled else {"pending"}
    events = company.let_happen(EVENTS_WHILE_BROKEN)
    while PAYMENT not in company.types(events):
        events += company.let_happen(1)
    company.must_become(
        lambda: company.states(events) == wanted, f"new events become {' and '.join(sorted(wanted))}"
    )
