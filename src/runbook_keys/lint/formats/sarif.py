"""Findings as SARIF 2.1.0 for code scanning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from runbook_keys.model.finding import Finding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(findings_by_pack: Mapping[str, Sequence[Finding]]) -> str:
    """One run of one tool with all findings; suppressed ones carry their justification."""
    pairs = [(pack, one) for pack, findings in findings_by_pack.items() for one in findings]
    rules = [{"id": name} for name in sorted({one.rule for _, one in pairs})]
    driver = {"name": "keys check", "rules": rules}
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": [_result(pack, one) for pack, one in pairs]}],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _result(pack: str, one: Finding) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": f"{pack}/{one.file}"}, "region": {"startLine": max(one.line, 1)}}
    result: dict[str, Any] = {
        "ruleId": one.rule,
        "level": str(one.severity),
        "message": {"text": f"{one.reason} {one.mend}"},
        "locations": [{"physicalLocation": place}],
    }
    if one.suppressed_because is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": one.suppressed_because}]
    return result
