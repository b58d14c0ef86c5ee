"""A step that only looks carries another class than SAFE, or a class is misspelt."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.reading import faults
from runbook_keys.model.finding import Level

NAME = "misplaced-class"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each class that does not fit its step or is none."""
    return faults(material, NAME)
