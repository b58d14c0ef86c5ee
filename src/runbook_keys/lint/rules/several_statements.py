"""An `sql` block holds several statements, and only one can be run."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.sql import masked
from runbook_keys.model.finding import Level

NAME = "several-statements"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each second statement."""
    for placed in material.sql_blocks:
        code = masked(placed.block.text).text
        end = code.find(";")
        rest = code[end + 1 :] if end >= 0 else ""
        if rest.strip():
            line = code.count("\n", 0, end + 1 + len(rest) - len(rest.lstrip())) + 1
            reason = f"{placed.as_subject} holds more than one statement, and the database refuses that."
            yield Fault(
                placed.line(line), reason, "Make each statement a step of its own, or join them with WITH."
            )
