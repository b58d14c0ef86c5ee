"""Findings for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from runbook_keys.model.finding import Finding


def render(findings_by_pack: Mapping[str, Sequence[Finding]]) -> str:
    """One JSON object: pack → list of findings."""
    return msgspec.json.format(msgspec.json.encode(findings_by_pack), indent=2).decode()
