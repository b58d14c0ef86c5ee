"""Two steps have the same label."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.reading import faults
from runbook_keys.model.finding import Level

NAME = "duplicate-label"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each step whose label stood before."""
    return faults(material, NAME)
