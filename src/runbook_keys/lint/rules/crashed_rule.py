"""A rule broke while it looked at the pack, so nobody knows what it would have found."""

from __future__ import annotations

from runbook_keys.lint.fault import Fault
from runbook_keys.model.finding import Level

NAME = "crashed-rule"
LEVEL = Level.ERROR


def fault_of(rule: str, error: Exception) -> Fault:
    """The fault that stands for what the rule could not say."""
    text = " ".join(str(error).split())[:120]
    reason = f"The rule {rule} broke on this pack: {type(error).__name__}{': ' if text else ''}{text}."
    return Fault(0, reason, "Report it with this pack; until then check by hand what the rule's page says.")
