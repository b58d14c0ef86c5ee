"""An alert in `pack.json` leads to this runbook, and section 2 does not name it."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import METADATA, Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "unannounced-alert"
LEVEL = Level.WARNING


def find(material: Material) -> Iterator[Fault]:
    """Each alert that a person who was paged by it would not find in section 2."""
    if material.metadata is None or not material.section_line(2):
        return
    words = "\n".join(material.runbook.when_to_use)
    for alert in material.metadata.alerts:
        if alert.name not in words:
            reason = f"The alert {alert.name} leads here, and section 2 does not name it."
            mend = f"Add to section 2: - Alert `{alert.name}` is firing."
            yield Fault(material.metadata_line(f'"{alert.name}"'), reason, mend, METADATA)
