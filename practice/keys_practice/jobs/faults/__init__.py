"""The ways in which the jobs department can really break. One module for each part that breaks."""

from keys_practice.jobs.faults import jobs, load, outside, workers
from keys_practice.jobs.faults.fault import Fault, nothing

FAULTS: dict[str, Fault] = {
    "nothing-broken": Fault("Nothing is broken. A right run changes nothing.", nothing),
    **workers.FAULTS,
    **jobs.FAULTS,
    **load.FAULTS,
    **outside.FAULTS,
}

__all__ = ["FAULTS", "Fault"]
