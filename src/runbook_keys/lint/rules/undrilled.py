"""No drill proves the runbook."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "undrilled"
LEVEL = Level.WARNING

_DRILL = re.compile(r"drill/.+\.json")


def find(material: Material) -> Iterator[Fault]:
    """The pack, where its folder `drill` holds no drill."""
    if not any(_DRILL.fullmatch(name) for name in material.files):
        yield Fault(
            0,
            "No drill proves this runbook.",
            "Add one for each fault to drill/, and run `keys drill`.",
            "drill",
        )
