"""Findings for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from runbook_keys.model.finding import Finding, Level


def render(findings_by_pack: Mapping[str, Sequence[Finding]]) -> str:
    """One JSON object, in ASCII: `packs` (origin → findings) and the counts of open errors and warnings."""
    found = [
        one for findings in findings_by_pack.values() for one in findings if one.suppressed_because is None
    ]
    document = {
        "version": 1,
        "errors": sum(one.severity is Level.ERROR for one in found),
        "warnings": sum(one.severity is Level.WARNING for one in found),
        "packs": findings_by_pack,
    }
    return _ascii(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def _ascii(text: str) -> str:
    """Everything else as `\\uXXXX`: the reader gets the exact text, and a terminal in between is not moved by it."""
    units = text.encode("utf-16-be", "surrogatepass")
    pairs = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    return "".join(chr(unit) if unit < 127 else f"\\u{unit:04x}" for unit in pairs)
