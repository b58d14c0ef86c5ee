"""A step stands in a section that is not for its kind."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.reading import faults
from runbook_keys.model.finding import Level

NAME = "misplaced-step"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each step whose letter does not belong to its section."""
    return faults(material, NAME)
