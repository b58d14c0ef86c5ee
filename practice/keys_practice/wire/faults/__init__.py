"""The ways in which the selling department can really break. Each is caused as it would be in life."""

from keys_practice.wire.faults import people, wire
from keys_practice.wire.faults.fault import Fault

FAULTS: dict[str, Fault] = {**people.FAULTS, **wire.FAULTS}

__all__ = ["FAULTS", "Fault"]
