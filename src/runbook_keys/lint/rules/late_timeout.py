"""A block may run longer than the time after which help is called."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "late-timeout"
LEVEL = Level.WARNING


def find(material: Material) -> Iterator[Fault]:
    """Each timeout that is as long as the time to escalate, or longer."""
    after = material.runbook.escalate_after
    for placed in material.blocks if after else ():
        if after is not None and placed.block.timeout_seconds >= after.total_seconds():
            reason = f"{placed.as_subject} may take {placed.block.timeout_seconds:g} seconds; help is called before that."
            yield Fault(placed.block.line, reason, "Give it a shorter timeout, or split the step.")
