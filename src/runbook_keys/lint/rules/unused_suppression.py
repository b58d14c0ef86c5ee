"""A suppression allows something that is not there, is unknown, or may not be allowed."""

from __future__ import annotations

from collections.abc import Collection

from runbook_keys.book.book import Suppression
from runbook_keys.lint.fault import Fault
from runbook_keys.model.finding import Level

NAME = "unused-suppression"
LEVEL = Level.ERROR


def fault_of(suppression: Suppression, rules: Collection[str], never: Collection[str]) -> Fault:
    """Why this suppression allows nothing. `never` are the rules that can't be suppressed."""
    if suppression.rule not in rules:
        return Fault(
            suppression.line,
            f"No rule is called {suppression.rule}.",
            "Write a rule's name as `keys check` shows it.",
        )
    if suppression.rule in never:
        reason = f"{suppression.rule} can't be allowed: a run could not go on there."
        return Fault(suppression.line, reason, "Mend the fault, and remove this comment.")
    reason = f"Nothing in {suppression.place} breaks {suppression.rule} any more."
    return Fault(suppression.line, reason, "Remove this comment.")
