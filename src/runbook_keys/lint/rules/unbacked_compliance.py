"""`pack.json` and section 9 name different frameworks, or promise evidence that nobody collects."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import METADATA, Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "unbacked-compliance"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each framework that stands in one place only, and evidence that is promised or collected in one place only."""
    metadata, line = material.metadata, material.section_line(9)
    if (
        metadata is None
        or not line
        or any(each.kind == "unknown-framework" for each in material.book.problems)
    ):
        return
    promised = frozenset(str(each) for each in metadata.compliance_relevance)
    given = frozenset(control.split(" ", 1)[0] for control in material.runbook.compliance)
    for name in sorted(promised - given):
        reason = f"{METADATA} names {name}, and section 9 names no control of it."
        yield Fault(
            line, reason, f"Add it after **Compliance** with its control, or remove {name} in {METADATA}."
        )
    for name in sorted(given - promised):
        reason = f"Section 9 names a control of {name}, and compliance_relevance does not name {name}."
        mend = f'Add "{name}" to compliance_relevance.'
        yield Fault(material.metadata_line('"compliance_relevance"'), reason, mend, METADATA)
    if material.runbook.evidence and not metadata.produces_evidence:
        reason = "produces_evidence is false, and section 9 collects evidence."
        yield Fault(material.metadata_line('"produces_evidence"'), reason, "Write true.", METADATA)
