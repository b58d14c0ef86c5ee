"""The ways in which the answering department can really break. Each is caused as it would be in life."""

from keys_practice.assist.faults import outside, quality
from keys_practice.assist.faults.fault import Fault

FAULTS: dict[str, Fault] = {**quality.FAULTS, **outside.FAULTS}

__all__ = ["FAULTS", "Fault"]
