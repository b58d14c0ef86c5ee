"""Which findings keep a pack from being run, whatever reason anybody gives."""

from __future__ import annotations

from collections.abc import Iterable

from runbook_keys.model.finding import Finding, Level

IMPOSSIBLE_TO_RUN = frozenset(
    {
        "duplicate-label",
        "endless-path",
        "hidden-text",
        "impossible-rollback",
        "invalid-condition",
        "invalid-metadata",
        "misordered-section",
        "missing-else",
        "missing-file",
        "missing-section",
        "mixed-ways-out",
        "unbounded-loop",
        "unexplained-suppression",
        "unknown-target",
        "unreadable",
        "unused-suppression",
        "crashed-rule",
    }
)
"""Where one of these finds a fault, a run could leave a person without a next step, or the proof itself is broken.

They can't be suppressed. All other rules can, with a reason.
"""


def blocks_run(finding: Finding) -> bool:
    """True for an error that nobody has given a reason for."""
    return finding.severity is Level.ERROR and finding.suppressed_because is None


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that keep a pack from being run."""
    return tuple(finding for finding in findings if blocks_run(finding))
