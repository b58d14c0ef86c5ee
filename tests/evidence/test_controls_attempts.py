"""Control reports compare attempt by attempt: what became of one try says nothing of the next."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from a_journal import BEGIN, BELA

from runbook_keys.evidence.controls import report as controls_module
from runbook_keys.evidence.controls.queries import QUERIES
from runbook_keys.evidence.controls.report import FieldFound, answers_of, found_in, read_catalogue
from runbook_keys.evidence.controls.runs import JournalFacts, RunFacts
from runbook_keys.model.entry import Entry
from runbook_keys.model.event import (
    AnyEvent,
    ApprovalGranted,
    AttemptFinished,
    AttemptStarted,
    OutcomeSettled,
    RunOpened,
)
from runbook_keys.model.outcome import OutcomeKind, Role, Settlement
from runbook_keys.model.runbook import SafetyClass

CATALOGUES = Path(controls_module.__file__).parent / "catalogues"
OPENED = RunOpened("s", "1.0.0", "p", "t", "i", {}, "A1", "i", opened_by="anna")


def approved(attempt: int, role: Role = Role.WORK) -> AnyEvent:
    """A yes to this attempt."""
    return ApprovalGranted("A1", role, attempt, "b", "2026-11-20T03:15:00.000Z")


def started(attempt: int, role: Role = Role.WORK) -> AnyEvent:
    """The intent of a change."""
    return AttemptStarted("A1", role, attempt, SafetyClass.REVERSIBLE, "bash", "", "")


def finished(attempt: int, outcome: OutcomeKind, role: Role = Role.WORK) -> AnyEvent:
    """What became of it."""
    return AttemptFinished("A1", role, attempt, outcome)


def field_of(name: str, *events: AnyEvent) -> FieldFound:
    """What SOC 2 holds under this name for an incident of these events."""
    entries = [
        Entry("r", seq, BEGIN + timedelta(seconds=seq), BELA, event)
        for seq, event in enumerate((OPENED, *events), 1)
    ]
    journal = JournalFacts([RunFacts(7, "r", entries)], 7, len(entries), len(entries), True)
    controls = found_in(
        read_catalogue((CATALOGUES / "soc2.json").read_bytes()), answers_of(journal, QUERIES), journal
    )
    return next(each for found in controls for each in found.fields if each.field.query == name)


def test_the_outcome_of_one_attempt_is_none_of_another() -> None:
    """A change that was done twice, and nobody knows what became of the second: the run is named."""
    first = (started(1), finished(1, OutcomeKind.FAILED))

    assert field_of("change-outcomes", *first).missing == ()
    assert field_of("change-outcomes", *first, started(2)).missing == (7,)


def test_two_outcomes_of_a_step_are_told_apart() -> None:
    """Each names its attempt, and one that a person settled counts for the attempt that was settled."""
    found = field_of(
        "change-outcomes",
        started(1),
        finished(1, OutcomeKind.FAILED),
        started(2),
        OutcomeSettled("A1", 2, Settlement.APPLIED, "seen"),
    )

    assert found.missing == ()
    assert [each.words.rpartition(", ")[2] for each in found.citations] == ["attempt 1", "attempt 2"]
    assert [each.attempt for each in found.citations] == ["A1 work 1", "A1 work 2"]


def test_the_outcome_of_an_undoing_is_none_of_the_change() -> None:
    """Both are attempts of one step, and both are the first."""
    undone = (started(1, Role.ROLLBACK), finished(1, OutcomeKind.SUCCEEDED, Role.ROLLBACK))

    assert field_of("change-outcomes", started(1), *undone).missing == (7,)


@pytest.mark.parametrize("query", ["approvals", "approved-by-another"])
def test_an_approval_of_one_attempt_is_none_of_another(query: str) -> None:
    """Two changes and one yes: the run is named."""
    first = (approved(1), started(1), finished(1, OutcomeKind.FAILED))

    assert field_of(query, *first).missing == ()
    assert field_of(query, *first, started(2), finished(2, OutcomeKind.SUCCEEDED)).missing == (7,)
