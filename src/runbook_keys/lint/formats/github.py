"""Findings as workflow commands, which GitHub shows beside the line. Suppressed ones are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runbook_keys.lint.formats.safe import one_line
from runbook_keys.model.finding import Finding


def render(findings_by_pack: Mapping[str, Sequence[Finding]]) -> str:
    """One `::error file=…,line=…,title=…::…` for each finding; without `line` where it is about the whole file."""
    return "\n".join(
        _command(pack, one)
        for pack, findings in findings_by_pack.items()
        for one in findings
        if one.suppressed_because is None
    )


def _command(pack: str, one: Finding) -> str:
    place = f"file={_property(f'{pack}/{one.file}')}" + (f",line={one.line}" if one.line else "")
    message = f"{one_line(one.reason)} {one_line(one.mend)}"
    return f"::{one.severity} {place},title={_property(one.rule)}::{_data(message)}"


def _data(text: str) -> str:
    """Escaped as the runner reads it: percent first, then what would end the command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
