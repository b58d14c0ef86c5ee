"""A block throws away an output that something else needs."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material, PlacedBlock
from runbook_keys.model.finding import Level

NAME = "discarded-output"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each block with `output=none` whose output is captured, named as an artifact, or is itself the evidence."""
    for placed in material.blocks:
        need = None if placed.block.is_output_kept else _need(placed)
        if need:
            reason = f"{placed.as_subject} {need}, and output=none throws the output away."
            mend = "Remove output=none, or don't ask for the output."
            yield Fault(placed.block.line, reason, mend)


def _need(placed: PlacedBlock) -> str | None:
    if placed.block.capture:
        return f"captures {placed.block.capture}"
    if placed.block.artifact:
        return f"names its output {placed.block.artifact}"
    return "is an output" if placed.step is None else None
