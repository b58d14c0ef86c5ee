"""The version in `pack.json` is not in `CHANGELOG.md`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook_keys.lint.fault import METADATA, Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "unrecorded-version"
LEVEL = Level.ERROR

CHANGELOG = "CHANGELOG.md"


def find(material: Material) -> Iterator[Fault]:
    """The version, where no heading of the changelog names it."""
    if material.metadata is None or CHANGELOG not in material.files:
        return
    version = material.metadata.version
    text = material.files[CHANGELOG].decode("utf-8", "replace")
    if not re.search(rf"^#+.*(?<![\w.]){re.escape(version)}(?![\w.+-])", text, re.MULTILINE):
        reason = f"{CHANGELOG} has no heading for version {version}."
        mend = f"Add: ## {version}, what changed, and which incident taught it."
        yield Fault(material.metadata_line(f'"{version}"'), reason, mend, METADATA)
