"""The audit across KEYS as lines of at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.cli.text import RULE, hanging, safe
from runbook_keys.lint.audit import Audit, AuditedCall


def audit_lines(audit: Audit) -> list[str]:
    """Every call with what it reads and what contradicts, then what nobody calls, then the verdict."""
    lines = [line for call in audit.calls for line in _call(call)]
    for slug, finding in audit.other_findings:
        lines += hanging(f"{safe(slug)}: ", f"{finding.file}:{finding.line}: {finding.reason}")
    if audit.uncalled:
        lines += hanging("Called by no runbook: ", ", ".join(audit.uncalled))
    verdict = "Nothing contradicts." if audit.is_consistent else "Runbooks and KEYS contradict each other."
    return [*lines, RULE, f"{len(audit.calls)} calls looked at. {verdict}"]


def _call(call: AuditedCall) -> Iterator[str]:
    version = call.version or "NOT INSTALLED"
    yield from hanging(f"{safe(call.runbook)} {call.place}: ", f"{safe(call.key)} {version}")
    yield f"    step {call.step_class}, KEY {call.key_class or 'unknown'}, mode {call.mode}"
    yield from hanging("    gives: ", ", ".join(call.arguments) or "nothing")
    yield from hanging("    reads: ", ", ".join(call.reads) or "nothing")
    for finding in call.findings:
        yield from hanging("    ! ", f"{finding.rule}: {safe(finding.reason)} {safe(finding.mend)}")
