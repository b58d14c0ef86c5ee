"""A file that belongs to every pack is missing."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import METADATA, README, Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "missing-file"
LEVEL = Level.ERROR

_MENDS = {
    README: "Write the runbook; `keys new` makes a first draft.",
    METADATA: "Add it; `keys new` makes a first draft.",
    "checklist.md": "Make it with `keys fmt`.",
    "CHANGELOG.md": "Add it, with a heading for the version in pack.json.",
    "LICENSE.txt": "Add the text of the licence that pack.json names.",
}


def find(material: Material) -> Iterator[Fault]:
    """Each file that is not there."""
    for name, mend in _MENDS.items():
        if name not in material.files:
            yield Fault(0, f"The pack has no {name}.", mend, name)
