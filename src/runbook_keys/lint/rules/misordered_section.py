"""The ten sections stand in another order, twice, or with wrong numbers."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.reading import faults
from runbook_keys.model.finding import Level

NAME = "misordered-section"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each section that stands in the wrong place."""
    return faults(material, NAME)
