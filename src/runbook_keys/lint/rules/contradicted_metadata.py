"""`pack.json` promises less access, or fewer people, than the steps need."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import METADATA, Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.pack import AccessLevel, PackMetadata, RuntimeDependency
from runbook_keys.model.runbook import SafetyClass

NAME = "contradicted-metadata"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each field of `pack.json` that the steps contradict."""
    metadata = material.metadata
    if metadata is None:
        return
    yield from _access(material, metadata)
    yield from _people(material, metadata)
    if metadata.documentation not in material.files:
        reason = f"documentation names {metadata.documentation}, which the pack does not hold."
        yield Fault(material.metadata_line('"documentation"'), reason, 'Write "README.md".', METADATA)


def _access(material: Material, metadata: PackMetadata) -> Iterator[Fault]:
    changing = next((step for step in material.runbook.steps if step.safety is not SafetyClass.SAFE), None)
    if changing is not None and metadata.required_access_level is AccessLevel.READ:
        reason = f"required_access_level is read, and step {changing.label} changes something."
        yield Fault(
            material.metadata_line('"required_access_level"'), reason, 'Write "write" or "admin".', METADATA
        )


def _people(material: Material, metadata: PackMetadata) -> Iterator[Fault]:
    blocks = [step for step in material.runbook.steps if step.block is not None]
    questions = [step for step in material.runbook.steps if step.block is None]
    line = material.metadata_line('"runtime_dependency"')
    if metadata.runtime_dependency is RuntimeDependency.AUTOMATED and questions:
        reason = f"runtime_dependency is automated, and step {questions[0].label} asks a person."
        yield Fault(line, reason, 'Write "assisted".', METADATA)
    if metadata.runtime_dependency is RuntimeDependency.HUMAN and blocks:
        reason = f"runtime_dependency is human, and step {blocks[0].label} runs a command."
        yield Fault(line, reason, 'Write "assisted".', METADATA)
