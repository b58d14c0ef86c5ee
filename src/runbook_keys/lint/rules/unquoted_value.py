"""A value stands without quotes, so bash splits it into words and looks for files."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "unquoted-value"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each expansion without double quotes where bash would split it; once for each name and line."""
    for scripted in material.scripts:
        loose = dict.fromkeys((use.name, use.line) for use in scripted.script.uses if not use.is_quoted)
        for name, line in loose:
            reason = f"${name} stands without quotes, so a space or * in it changes the command."
            yield Fault(scripted.place.line(line), reason, f'Write "${name}".')
