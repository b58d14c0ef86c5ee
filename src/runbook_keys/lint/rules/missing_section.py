"""One of the ten sections, or the title, is missing or has another name."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.reading import faults
from runbook_keys.model.finding import Level

NAME = "missing-section"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each section that is not there, and each heading that is none of the ten."""
    return faults(material, NAME)
