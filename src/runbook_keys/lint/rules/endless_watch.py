"""A repeated verification runs so often that nobody will wait for its end."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "endless-watch"
LEVEL = Level.ERROR

MOST_CHECKS = 1_000


def find(material: Material) -> Iterator[Fault]:
    """Each schedule of more than 1,000 checks."""
    for step in material.runbook.steps:
        checks = step.schedule.repetitions if step.schedule else 1
        if checks > MOST_CHECKS:
            reason = f"Step {step.label} looks {checks:,} times before it ends."
            yield Fault(
                step.line, reason, f"Look less often or for less time: at most {MOST_CHECKS:,} checks."
            )
