"""A suppression names no rule, or gives no reason."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.reading import faults
from runbook_keys.model.finding import Level

NAME = "unexplained-suppression"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each comment for the linter that is no rule with a reason."""
    return faults(material, NAME)
