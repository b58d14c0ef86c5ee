"""Findings for a person at a terminal, in 80 columns, with paths that an editor can open."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from runbook_keys.lint.formats.safe import one_line
from runbook_keys.model.finding import Finding, Level

WIDTH = 80


def render(findings_by_pack: Mapping[str, Sequence[Finding]]) -> str:
    """Place, rule, reason and mend of each finding, pack by pack, and the counts at the end."""
    lines: list[str] = []
    for pack, findings in findings_by_pack.items():
        for one in findings:
            lines += _finding(pack, one)
        if findings:
            lines.append("")
    found = [one for findings in findings_by_pack.values() for one in findings]
    return "\n".join([*lines, _summary(len(findings_by_pack), found)])


def _finding(pack: str, one: Finding) -> Iterator[str]:
    place = f"{pack}/{one.file}:{one.line}" if one.line else f"{pack}/{one.file}"
    kind = "allowed" if one.suppressed_because is not None else str(one.severity)
    yield f"{one_line(place)}: {kind}: {one.rule}"
    yield from _wrapped("", one.reason)
    if one.suppressed_because is not None:
        yield from _wrapped("Allowed because: ", one.suppressed_because)
    else:
        yield from _wrapped("Mend: ", one.mend)


def _wrapped(lead: str, text: str) -> list[str]:
    return textwrap.wrap(
        lead + one_line(text), WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
    )


def _summary(packs: int, found: Sequence[Finding]) -> str:
    counts = [
        _count(sum(one.suppressed_because is None and one.severity is Level.ERROR for one in found), "error"),
        _count(
            sum(one.suppressed_because is None and one.severity is Level.WARNING for one in found), "warning"
        ),
        f"{sum(one.suppressed_because is not None for one in found)} allowed",
    ]
    return f"{_count(packs, 'pack')} looked at: {', '.join(counts)}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
