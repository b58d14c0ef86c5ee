"""What no run of KEYS can look like is found in the lines alone."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest

from runbook_keys.journal.conduct import check_conduct
from runbook_keys.model.event import (
    AnyEvent,
    ApprovalDropped,
    ApprovalGranted,
    AttemptFinished,
    AttemptStarted,
    NoteAdded,
    OutcomeSettled,
    RunEnded,
    RunOpened,
    RunResumed,
    StepEntered,
)
from runbook_keys.model.outcome import OutcomeKind, Role, Settlement
from runbook_keys.model.runbook import Ending, SafetyClass

OPENED = RunOpened("s", "1.0.0", "p", "pack", "inputs", {}, "S1", "i")
ENDED = RunEnded(Ending.STOPPED)


def started(
    attempt: int = 1, safety: SafetyClass = SafetyClass.SAFE, binding: str = "", role: Role = Role.WORK
) -> AttemptStarted:
    """An intent of A1."""
    digest = sha256(b"true").hexdigest()
    return AttemptStarted("A1", role, attempt, safety, "bash", "true", digest, (), binding)


def finished(attempt: int = 1, role: Role = Role.WORK) -> AttemptFinished:
    """Its outcome."""
    return AttemptFinished("A1", role, attempt, OutcomeKind.UNKNOWN)


def approved(attempt: int = 1, binding: str = "b", role: Role = Role.WORK) -> ApprovalGranted:
    """A yes to it."""
    return ApprovalGranted("A1", role, attempt, binding, "2026-11-23T03:27:45Z")


IRREVERSIBLE = SafetyClass.IRREVERSIBLE
SOUND: list[list[AnyEvent]] = [
    [started(), finished(), started(2), finished(2), ENDED],
    [
        approved(),
        started(1, IRREVERSIBLE, "b"),
        RunResumed(),
        finished(),
        OutcomeSettled("A1", 1, Settlement.APPLIED),
    ],
    [approved(), approved(), started(1, IRREVERSIBLE, "b")],
    [approved(binding="a"), approved(), started(1, IRREVERSIBLE, "b")],
    [started(), started(role=Role.PROBE), finished(role=Role.PROBE), finished()],
    [started(), ENDED, NoteAdded("A1", "n")],
]


@pytest.mark.parametrize("events", SOUND)
def test_a_sound_run_gives_no_finding(events: list[AnyEvent]) -> None:
    """Retries, approvals given again, an intent without outcome, a note after the end: all of these happen."""
    assert check_conduct("r-1", enumerate([OPENED, *events], 1)) == []


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([OPENED], "opened again"),
        ([ENDED, StepEntered("A1", 1)], "StepEntered stands after the end"),
        ([finished()], "has an outcome but was never started"),
        ([started(), finished(2)], "Attempt 2 of A1 .* never started"),
        ([started(), finished(role=Role.ROLLBACK)], "never started"),
        ([started(), finished(), finished()], "second outcome"),
        ([started(), finished(), started()], "was started before"),
        ([OutcomeSettled("A1", 1, Settlement.APPLIED)], "settled but never started"),
        ([started(1, IRREVERSIBLE, "b")], "without an approval"),
        ([approved(), started(1, IRREVERSIBLE)], "without an approval"),
        ([approved(binding=""), started(1, IRREVERSIBLE, "")], "without an approval"),
        ([approved(binding="a"), started(1, IRREVERSIBLE, "b")], "without an approval"),
        ([approved(2), started(1, IRREVERSIBLE, "b")], "without an approval"),
        ([approved(role=Role.ROLLBACK), started(1, IRREVERSIBLE, "b")], "without an approval"),
        ([approved(), started(1, IRREVERSIBLE, "b"), started(2, IRREVERSIBLE, "b")], "without an approval"),
        (
            [
                approved(),
                started(1, SafetyClass.REVERSIBLE, "b"),
                approved(2, "c"),
                started(2, IRREVERSIBLE, "b"),
            ],
            "without",
        ),
    ],
)
def test_what_could_not_have_happened_is_found_at_its_entry(events: list[AnyEvent], told: str) -> None:
    """One finding, at the last entry, in words."""
    (found,) = check_conduct("r-1", enumerate([OPENED, *events], 1))
    assert (found.run, found.seq) == ("r-1", len(events) + 1)
    assert re.search(told, found.what)


def test_an_approval_is_used_up_by_the_start_that_it_allows() -> None:
    """A second start on it is both: one too many, and not approved."""
    events: list[AnyEvent] = [
        OPENED,
        approved(),
        started(1, IRREVERSIBLE, "b"),
        started(1, IRREVERSIBLE, "b"),
    ]
    told = " ".join(found.what for found in check_conduct("r-1", enumerate(events, 1)))
    assert "was started before" in told
    assert "without an approval of its own" in told


def test_nothing_starts_on_an_approval_that_was_dropped() -> None:
    """It has to be given anew."""
    dropped = ApprovalDropped("A1", "expired")
    (found,) = check_conduct(
        "r-1", enumerate([OPENED, approved(), dropped, started(1, IRREVERSIBLE, "b")], 1)
    )
    assert "without an approval of its own" in found.what
    again = [OPENED, approved(), dropped, approved(), started(1, IRREVERSIBLE, "b")]
    assert check_conduct("r-1", enumerate(again, 1)) == []


def test_a_run_that_does_not_begin_with_its_opening_is_found() -> None:
    """Its text and its inputs would not be known."""
    (found,) = check_conduct("r-1", [(1, started())])
    assert found.what == "The run does not begin with its opening."


def test_a_command_that_does_not_fit_its_digest_is_found() -> None:
    """The approval was bound to the digest."""
    event = AttemptStarted(
        "A1", Role.WORK, 1, SafetyClass.SAFE, "bash", "rm -rf /", sha256(b"true").hexdigest()
    )
    (found,) = check_conduct("r-1", [(1, OPENED), (2, event)])
    assert "does not fit its digest" in found.what
