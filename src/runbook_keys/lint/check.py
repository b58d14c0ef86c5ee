"""All rules over a pack in one pass: every finding, sorted, with what the pack's author allowed and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.book.book import Suppression
from runbook_keys.errors import ExecutorUnavailable
from runbook_keys.lint.fault import README, Fault
from runbook_keys.lint.material import Material, gather, with_remarks
from runbook_keys.lint.profile import IMPOSSIBLE_TO_RUN
from runbook_keys.lint.registry import NAMES, RULES, Rule
from runbook_keys.lint.rules import crashed_rule, unused_suppression
from runbook_keys.model.finding import Finding, Level
from runbook_keys.model.key import KeyMetadata
from runbook_keys.model.pack import Pack
from runbook_keys.ports import ShellAnalysis


class Checked(Struct, frozen=True):
    """A pack and all that was found in it."""

    pack: Pack
    findings: tuple[Finding, ...]


def check_packs(
    packs: Iterable[Pack],
    runbooks: Collection[str] = (),
    keys: Mapping[str, KeyMetadata | None] = MappingProxyType({}),
    shell: ShellAnalysis | None = None,
) -> tuple[Checked, ...]:
    """Check packs together, with one call of `shell` for all their blocks. Never raises for what a pack holds.

    `runbooks` are the slugs that are installed, `keys` the installed KEYS by slug (None where one can't be read).
    """
    found = tuple(packs)
    materials = [gather(pack, runbooks, keys) for pack in found]
    materials = list(with_remarks(materials, _remarks(materials, shell)))
    return tuple(Checked(pack, check(material)) for pack, material in zip(found, materials, strict=True))


def _remarks(
    materials: Sequence[Material], shell: ShellAnalysis | None
) -> Sequence[Sequence[tuple[int, str, str]]] | None:
    texts = [text for material in materials for text in material.bash_texts]
    try:
        return shell.analyse(texts) if shell is not None else None
    except ExecutorUnavailable:
        return None


def check(material: Material, rules: Mapping[str, Rule] = RULES) -> tuple[Finding, ...]:
    """All findings of `rules`, sorted by file and line. A rule that breaks becomes a finding itself."""
    found = {finding for rule in rules.values() for finding in _findings(rule, material)}
    suppressions = material.book.suppressions
    allowed = [_allowed(finding, suppressions) for finding in found]
    unused = _unused(suppressions, allowed) if rules is RULES else iter(())
    return tuple(sorted({*allowed, *unused}))


def _findings(rule: Rule, material: Material) -> Iterator[Finding]:
    try:
        faults = list(rule.find(material))
    except Exception as error:  # noqa: BLE001 - whatever a rule raises must be seen, and must not hide the others
        yield _finding(crashed_rule.fault_of(rule.NAME, error), crashed_rule.NAME, crashed_rule.LEVEL)
        return
    yield from (_finding(fault, rule.NAME, rule.LEVEL) for fault in faults)


def _finding(fault: Fault, rule: str, level: Level) -> Finding:
    return Finding(fault.file, fault.line, rule, fault.reason, fault.mend, level)


def _allowed(finding: Finding, suppressions: Sequence[Suppression]) -> Finding:
    if finding.rule in IMPOSSIBLE_TO_RUN or finding.file != README:
        return finding
    covering = (each for each in suppressions if each.covers(finding.rule, finding.line))
    first = next(covering, None)
    return replace(finding, suppressed_because=first.reason) if first else finding


def _unused(suppressions: Sequence[Suppression], findings: Iterable[Finding]) -> Iterator[Finding]:
    allowed = [finding for finding in findings if finding.suppressed_because is not None]
    for suppression in suppressions:
        if not any(suppression.covers(finding.rule, finding.line) for finding in allowed):
            fault = unused_suppression.fault_of(suppression, NAMES, IMPOSSIBLE_TO_RUN)
            yield _finding(fault, unused_suppression.NAME, unused_suppression.LEVEL)
