"""Findings for a person at a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from runbook_keys.model.finding import Finding

WIDTH = 80


def render(findings_by_pack: Mapping[str, Sequence[Finding]]) -> str:
    """File, line, reason and mend of each finding, and the count at the end."""
    lines: list[str] = []
    for pack, findings in findings_by_pack.items():
        for one in findings:
            lines += _finding(pack, one)
    open_findings = [
        one for found in findings_by_pack.values() for one in found if one.suppressed_because is None
    ]
    packs = len(findings_by_pack)
    lines.append(f"{packs} pack{'s' * (packs != 1)} looked at, {len(open_findings)} findings.")
    return "\n".join(lines)


def _finding(pack: str, one: Finding) -> list[str]:
    head = f"{pack}/{one.file}:{one.line}: {one.severity}: {one.rule}"
    allowed = [f"    allowed because {one.suppressed_because}"] if one.suppressed_because else []
    return [head, *_wrapped("    ", one.reason), *_wrapped("    mend: ", one.mend), *allowed]


def _wrapped(lead: str, text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), WIDTH, initial_indent=lead, subsequent_indent="    ")
