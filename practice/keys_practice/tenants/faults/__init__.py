"""The ways in which the letters rooms can really break. Each is caused as it would be in life."""

from keys_practice.tenants.faults import breaches, elsewhere, lockouts
from keys_practice.tenants.faults.fault import Fault

FAULTS: dict[str, Fault] = {**elsewhere.FAULTS, **lockouts.FAULTS, **breaches.FAULTS}

__all__ = ["FAULTS", "Fault"]
