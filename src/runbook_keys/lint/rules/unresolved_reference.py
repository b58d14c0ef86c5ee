"""A runbook or KEY is named that is not installed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

from runbook_keys.lint.fault import METADATA, Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import HandOff, RollBack

NAME = "unresolved-reference"
LEVEL = Level.ERROR

_USE = re.compile(
    r"\b(?:use|see|run|follow|start)\s+(?:the runbook\s+)?`([a-z][a-z0-9]*(?:-[a-z0-9]+)+)`", re.IGNORECASE
)


def find(material: Material) -> Iterator[Fault]:
    """Each slug that leads nowhere, in ways out, sections 1 to 3, `key` blocks and `pack.json`."""
    for slug, line in _runbooks_in_text(material):
        if slug not in material.runbooks:
            yield Fault(line, f"The runbook {slug} is not installed.", _mend(slug, material.runbooks))
    for placed in material.blocks:
        key = placed.block.key
        if key is not None and key not in material.keys:
            reason = f"{placed.as_subject} calls the KEY {key}, which is not installed."
            yield Fault(placed.block.line, reason, _mend(key, material.keys))
    yield from _in_metadata(material)


def _runbooks_in_text(material: Material) -> Iterator[tuple[str, int]]:
    for edge in material.graph.edges:
        if isinstance(edge.leaf, HandOff):
            yield edge.leaf.slug, edge.branch.line
    for exclusion in material.runbook.exclusions:
        target = exclusion.target.then if isinstance(exclusion.target, RollBack) else exclusion.target
        if isinstance(target, HandOff):
            yield target.slug, exclusion.line
    for passage in material.passages:
        for match in _USE.finditer(passage.text) if passage.section in (1, 2, 3) else ():
            yield match[1], passage.line_at(match.start(1))


def _in_metadata(material: Material) -> Iterator[Fault]:
    if material.metadata is None:
        return
    for slugs, known, kind in (
        (material.metadata.related_runbooks, material.runbooks, "runbook"),
        (material.metadata.references_keys, material.keys, "KEY"),
    ):
        for slug in slugs:
            if slug not in known:
                reason = f"{METADATA} names the {kind} {slug}, which is not installed."
                yield Fault(material.metadata_line(f'"{slug}"'), reason, _mend(slug, known), METADATA)


def _mend(slug: str, known: Collection[str]) -> str:
    near = get_close_matches(slug, sorted(known), n=1)
    return (
        f"Did you mean {near[0]}? If not, install it first."
        if near
        else "Install it first, or lead to ESCALATE."
    )
