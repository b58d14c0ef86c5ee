"""Findings as workflow commands, shown beside the line on a code host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runbook_keys.model.finding import Finding


def render(findings_by_pack: Mapping[str, Sequence[Finding]]) -> str:
    """One `::error file=…,line=…::…` a finding; suppressed ones are left out."""
    lines = [
        f"::{one.severity} file={_property(f'{pack}/{one.file}')},line={max(one.line, 1)},"
        f"title={_property(one.rule)}::{_data(f'{one.reason} {one.mend}')}"
        for pack, findings in findings_by_pack.items()
        for one in findings
        if one.suppressed_because is None
    ]
    return "\n".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
