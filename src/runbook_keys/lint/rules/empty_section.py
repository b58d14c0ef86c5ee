"""A section does not hold what it is for."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.pack import KeyType
from runbook_keys.model.runbook import StepKind

NAME = "empty-section"
LEVEL = Level.ERROR

_MENDS = {
    "what it covers": "Add **Covers** with one line for each failure.",
    "what it does not cover": "Add **Does not cover** with one line for each failure that looks similar.",
    "when to use it": "Add the alerts and signs that lead here, one on each line.",
    "when not to use it": "Add what looks similar, each with: → HAND OFF its-slug, or where to go instead.",
    "a safety check": "Add a step such as: ### S1. Is a deployment running right now?",
    "a diagnosis": "Add a step such as: ### D1. Does the endpoint answer?",
    "an action": "Add a step such as: ### A1. Restart the service (REVERSIBLE)",
    "a verification": "Add a step such as: ### V1. Does it answer again?",
    "evidence to record": "Add one line for each thing to record: - Root cause (asked)",
    "follow-ups": "Add **Within 24 hours** with a task.",
}


def find(material: Material) -> Iterator[Fault]:
    """Each of the sections but 8 that is there and says nothing."""
    for number, missing in _missing(material):
        line = material.section_line(number)
        if line:
            yield Fault(line, f"Section {number} does not hold {missing}.", _MENDS[missing])


def _missing(material: Material) -> Iterator[tuple[int, str]]:
    runbook = material.runbook
    kinds = {step.kind for step in runbook.steps}
    is_decision_only = material.metadata is not None and material.metadata.key_type == (KeyType.DECISION,)
    held = (
        (1, "what it covers", runbook.covers),
        (1, "what it does not cover", runbook.does_not_cover),
        (2, "when to use it", runbook.when_to_use),
        (3, "when not to use it", runbook.exclusions),
        (4, "a safety check", StepKind.SAFETY_CHECK in kinds),
        (5, "a diagnosis", StepKind.DIAGNOSIS in kinds),
        (6, "an action", StepKind.ACTION in kinds or is_decision_only),
        (7, "a verification", StepKind.VERIFICATION in kinds or is_decision_only),
        (9, "evidence to record", runbook.evidence),
        (10, "follow-ups", runbook.follow_ups),
    )
    return ((number, missing) for number, missing, is_there in held if not is_there)
