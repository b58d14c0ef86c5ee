"""The ways in which Larkspur Letters can really break. Each is caused as it would be in life.

One module for each part that breaks; a new part brings a module with a dictionary of its faults and is named here.
A fault may also be caused when the company is broken already, and while somebody is at work on it.
"""

from keys_practice.faults import database, decisions, deployments, records, service, stripe
from keys_practice.faults.fault import Fault, let_events_be_accepted

FAULTS: dict[str, Fault] = {
    "nothing-broken": Fault("Nothing is broken. A right run changes nothing.", let_events_be_accepted),
    **service.FAULTS,
    **deployments.FAULTS,
    **decisions.FAULTS,
    **stripe.FAULTS,
    **database.FAULTS,
    **records.FAULTS,
}

__all__ = ["FAULTS", "Fault"]
