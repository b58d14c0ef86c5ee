"""Every call of a KEY by every runbook, side by side: do the two say the same?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from runbook_keys.lint.check import check
from runbook_keys.lint.material import Material, PlacedBlock, PlacedCall
from runbook_keys.lint.observing import fields_of
from runbook_keys.model.finding import Finding
from runbook_keys.model.key import KeyMetadata
from runbook_keys.model.outcome import Role

ALIGNMENT = frozenset(
    {
        "contradicted-key",
        "heavy-block",
        "missing-manual-alternative",
        "unexplained-call",
        "unfit-key-call",
        "unknown-result",
        "unlisted-reference",
        "unread-result",
        "unresolved-reference",
    }
)
"""The rules that hold runbooks and KEYS together."""


class AuditedCall(Struct, frozen=True):
    """One call. Where the KEY is not installed, `version` and `key_class` are empty.

    `reads` are the fields of the result that the step's ways out look at, `findings` what the rules say about its place.
    """

    runbook: str
    place: str
    step_class: str
    key: str
    version: str
    key_class: str
    mode: str
    arguments: tuple[str, ...]
    reads: tuple[str, ...]
    findings: tuple[Finding, ...]


class Audit(Struct, frozen=True):
    """All calls, in the order of runbooks and lines; findings about no single call; KEYS that nobody calls."""

    calls: tuple[AuditedCall, ...]
    other_findings: tuple[tuple[str, Finding], ...]
    uncalled: tuple[str, ...]

    @property
    def is_consistent(self) -> bool:
        """True where no rule of alignment finds anything."""
        return not self.other_findings and not any(call.findings for call in self.calls)


def audit(materials: Sequence[Material], keys: Iterable[str]) -> Audit:
    """Hold the runbooks against the installed KEYS."""
    calls: list[AuditedCall] = []
    others: list[tuple[str, Finding]] = []
    for material in materials:
        found = [finding for finding in check(material) if finding.rule in ALIGNMENT]
        own = [_call(material, placed, found) for placed in material.blocks if placed.block.key]
        calls += own
        told = {finding for call in own for finding in call.findings}
        others += [(_slug(material), finding) for finding in found if finding not in told]
    called = {call.key for call in calls}
    return Audit(tuple(calls), tuple(others), tuple(sorted(set(keys) - called)))


def _slug(material: Material) -> str:
    return material.metadata.slug if material.metadata else material.folder


def _call(material: Material, placed: PlacedBlock, found: Sequence[Finding]) -> AuditedCall:
    slug = placed.block.key or ""
    key = material.keys.get(slug)
    step = placed.step
    first, last = (
        (step.line, _last_line(material, step.line)) if step else (placed.block.line, placed.block.line)
    )
    return AuditedCall(
        runbook=_slug(material),
        place=(step.label if step else "section 9") + ("" if placed.role is Role.WORK else f" {placed.role}"),
        step_class=str(step.safety) if step else "SAFE",
        key=slug,
        version=key.version if key else "",
        key_class=str(key.safety) if key else "",
        mode=placed.block.mode,
        arguments=_arguments(placed, key),
        reads=_reads(placed),
        findings=tuple(each for each in found if first <= each.line <= last and each.file == "README.md"),
    )


def _last_line(material: Material, line: int) -> int:
    return min((step.line for step in material.runbook.steps if step.line > line), default=10**9) - 1


def _arguments(placed: PlacedBlock, key: KeyMetadata | None) -> tuple[str, ...]:
    return tuple(each.name for each in PlacedCall(placed, key).arguments) if key else ()


def _reads(placed: PlacedBlock) -> tuple[str, ...]:
    if placed.step is None or placed.role is not Role.WORK:
        return ()
    read = (fields_of(branch.condition or "", "result") for branch in placed.step.branches)
    return tuple(sorted(frozenset[str]().union(*read)))
