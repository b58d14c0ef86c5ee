"""Which rule speaks for which fault that the book found while reading: what is not named here is `unreadable`."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material

UNREADABLE = "unreadable"

RULE_OF_KIND = {
    "missing-section": "missing-section",
    "missing-title": "missing-section",
    "section-title": "missing-section",
    "unknown-section": "missing-section",
    "misordered-section": "misordered-section",
    "duplicate-section": "misordered-section",
    "section-number": "misordered-section",
    "duplicate-step": "duplicate-label",
    "step-in-wrong-section": "misplaced-step",
    "class-on-looking-step": "misplaced-class",
    "bad-class": "misplaced-class",
    "bad-target": "unknown-target",
    "bad-condition": "invalid-condition",
    "bad-suppression": "unexplained-suppression",
}


def faults(material: Material, rule: str) -> Iterator[Fault]:
    """What the book found that this rule speaks for. Nothing where there is no text at all: `missing-file` says so."""
    if not material.is_there:
        return
    for problem in material.book.problems:
        if RULE_OF_KIND.get(problem.kind, UNREADABLE) == rule:
            yield Fault(problem.line, problem.reason, problem.mend)
