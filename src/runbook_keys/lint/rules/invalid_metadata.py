"""`pack.json` can't be read, or a field of it is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import METADATA, Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "invalid-metadata"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each fault of `pack.json`."""
    for problem in material.metadata_problems:
        reason = f"{METADATA}: {problem.reason}"
        yield Fault(problem.line, reason, problem.mend, METADATA)
