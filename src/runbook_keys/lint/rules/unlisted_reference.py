"""What the runbook leads to or calls is not listed in `pack.json`, or something is listed that it never uses."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import METADATA, Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import HandOff

NAME = "unlisted-reference"
LEVEL = Level.WARNING


def find(material: Material) -> Iterator[Fault]:
    """Each hand-off that `related_runbooks` leaves out, and each KEY that only one of the two files names."""
    metadata = material.metadata
    if metadata is None:
        return
    for slug, line in _handed_off_to(material).items():
        if slug in material.runbooks - {metadata.slug, *metadata.related_runbooks}:
            reason = f"It hands off to {slug}, and related_runbooks in {METADATA} does not name it."
            yield Fault(line, reason, f'Add "{slug}" to related_runbooks.')
    listed = frozenset(metadata.references_keys)
    called = {placed.block.key: placed.block.line for placed in material.blocks if placed.block.key}
    for key in sorted(listed - called.keys()):
        reason = f"{METADATA} lists the KEY {key}, and no step calls it."
        yield Fault(material.metadata_line(f'"{key}"'), reason, "Remove it there, or call it.", METADATA)
    for key in sorted((called.keys() & material.keys.keys()) - listed):
        reason = f"It calls the KEY {key}, and {METADATA} does not list it."
        yield Fault(called[key], reason, f"Add it to {_field(key)}.")


def _handed_off_to(material: Material) -> dict[str, int]:
    found: dict[str, int] = {}
    for edge in material.graph.edges:
        if isinstance(edge.leaf, HandOff):
            found.setdefault(edge.leaf.slug, edge.branch.line)
    for exclusion in material.runbook.exclusions:
        if isinstance(exclusion.target, HandOff):
            found.setdefault(exclusion.target.slug, exclusion.line)
    return found


def _field(key: str) -> str:
    tool = key.partition("-")[0]
    return f"references_{'node' if tool == 'next' else tool}_keys"
