"""Findings as SARIF 2.1.0 for code scanning, each rule with its page."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from runbook_keys.lint.formats.safe import one_line
from runbook_keys.lint.pages import page_of, summary_of
from runbook_keys.lint.registry import LEVELS
from runbook_keys.model.finding import Finding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

Json = dict[str, Any]


def render(findings_by_pack: Mapping[str, Sequence[Finding]]) -> str:
    """One run of one tool with all findings; suppressed ones carry their justification."""
    names = sorted(LEVELS)
    seen: Counter[str] = Counter()
    results = [
        _result(pack, one, names.index(one.rule), seen)
        for pack, findings in findings_by_pack.items()
        for one in findings
    ]
    driver = {
        "name": "keys check",
        "rules": [_rule(name) for name in names],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _rule(name: str) -> Json:
    page = page_of(name)
    return {
        "id": name,
        "shortDescription": {"text": summary_of(name)},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": str(LEVELS[name])},
    }


def _result(pack: str, one: Finding, index: int, seen: Counter[str]) -> Json:
    place: Json = {"artifactLocation": {"uri": quote(f"{pack}/{one.file}", safe="/._-~")}}
    if one.line:
        place["region"] = {"startLine": one.line}
    result: Json = {
        "ruleId": one.rule,
        "ruleIndex": index,
        "level": str(one.severity),
        "message": {"text": f"{one_line(one.reason)} {one_line(one.mend)}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"keysCheck/v1": _fingerprint(pack, one, seen)},
    }
    if one.suppressed_because is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": one_line(one.suppressed_because)}]
    return result


def _fingerprint(pack: str, one: Finding, seen: Counter[str]) -> str:
    """The same as long as the fault is: without its line, and counted where the same stands twice."""
    text = "\n".join((pack.rsplit("/", 1)[-1], one.file, one.rule, one.reason))
    seen[text] += 1
    return f"{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:32]}:{seen[text]}"
