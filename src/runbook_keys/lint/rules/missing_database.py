"""An `sql` block does not say which database it asks."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "missing-database"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each `sql` block without `on=`."""
    for placed in material.sql_blocks:
        if placed.block.on is None:
            reason = f"{placed.as_subject} does not say which database it asks."
            yield Fault(placed.block.line, reason, "Write ```sql {on=DATABASE_URL} and declare that input.")
