"""A part of `README.md` can't be read as what it seems to be."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.reading import faults
from runbook_keys.model.finding import Level

NAME = "unreadable"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each problem of the text that no other rule speaks for."""
    return faults(material, NAME)
