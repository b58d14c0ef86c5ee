"""An input or a capture is never used."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook_keys.lint.fault import METADATA, Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "unused-value"
LEVEL = Level.WARNING

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def find(material: Material) -> Iterator[Fault]:
    """Each value that no block and no condition names."""
    used = _used(material)
    for name in sorted(material.inputs - used):
        reason = f"The input {name} is declared, and nothing uses it."
        yield Fault(
            material.metadata_line(f'"{name}"'),
            reason,
            "Remove it: each input is asked for before a run.",
            METADATA,
        )
    for label, name in material.captures.items():
        step = material.graph.steps[label]
        if name not in used and step.block is not None:
            reason = f"Step {label} captures {name}, and nothing uses it."
            yield Fault(step.block.line, reason, f"Remove capture={name}, or look at it in a condition.")


def _used(material: Material) -> set[str]:
    texts = [placed.block.text for placed in material.blocks]
    texts += [placed.block.on or "" for placed in material.blocks]
    texts += [branch.condition or "" for step in material.runbook.steps for branch in step.branches]
    return {name for text in texts for name in _NAME.findall(text)}
