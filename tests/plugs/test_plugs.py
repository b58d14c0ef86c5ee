"""The plug is pulled in the middle of actions of the shipped runbooks, in worlds that are really broken."""

from __future__ import annotations

import random
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keys_practice.verdict import Verdict
from plugs import DRILLS, Cut, NotReached, Pulled, dishonest, pull, run_again
from runbook_keys.book.parse import parse
from runbook_keys.bootstrap import shipped_library
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.entry import Entry
from runbook_keys.model.event import ApprovalGranted, AttemptStarted
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import Ending, SafetyClass, StepKind
from runbook_keys.operations.packs import README
from runbook_keys.system.library import FolderLibrary

ACTIONS = [(slug, action) for slug, actions in DRILLS.items() for action in actions]
TRIES = 3


def test_a_release_goes_back_although_the_plug_is_pulled_in_its_middle(tmp_path: Path) -> None:
    """The record verifies, the run ends, and the oracle agrees with what it says."""
    pulled = pull("stripe-webhook-failure", "A3", tmp_path, 0.02)
    assert pulled.violations == ()
    assert pulled.is_in_the_middle
    assert pulled.said.startswith("the look said")


def test_every_action_that_ships_has_a_drill_in_which_its_plug_is_pulled() -> None:
    """A new action without one would never be tried."""
    library = FolderLibrary([shipped_library()])
    steps = [
        (slug, step)
        for slug in library.slugs()
        for step in parse(library.load(slug).files[README]).runbook.steps
    ]
    assert {(slug, step.label) for slug, step in steps if step.kind is StepKind.ACTION} == set(ACTIONS)


def test_an_irreversible_action_started_twice_on_one_approval_is_a_violation() -> None:
    """What the suite looks for it would see."""
    yes = ApprovalGranted("A6", Role.WORK, 1, "b", "2026-11-23T03:15:00.000Z")
    starts = [
        AttemptStarted("A6", Role.WORK, number, SafetyClass.IRREVERSIBLE, "bash", "x", "d")
        for number in (1, 2)
    ]
    at = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    entries = [Entry("r", number, at, DRIVER, event) for number, event in enumerate([yes, *starts], 1)]
    assert run_again(entries[:2]) == []
    assert run_again(entries) == ["A6 was started 2 times for 1 approvals."]


def test_only_an_ending_that_the_oracle_denies_is_dishonest() -> None:
    """Escalated over a broken world is honest; RESOLVED over one is not, and neither is a run without an end."""
    broken, touched = Verdict(["It is down."]), Verdict(changed=["A setting."])
    assert dishonest(Ending.RESOLVED, Ending.ESCALATED, broken) == []
    assert dishonest(Ending.RESOLVED, Ending.RESOLVED, broken) == [
        "RESOLVED, and the oracle says: It is down."
    ]
    assert dishonest(Ending.ESCALATED, Ending.ESCALATED, touched) == [
        "ESCALATED, and the oracle says: A setting."
    ]
    assert dishonest(Ending.RESOLVED, None, Verdict()) == ["The run did not end."]


@pytest.mark.long
@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize(("slug", "action"), ACTIONS)
def test_a_plug_pulled_in_an_action_breaks_no_promise(
    slug: str, action: str, cut: Cut, tmp_path: Path
) -> None:
    """Each time at another moment; a failure names its seed."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    assert _pulled(slug, action, cut, tmp_path, random.Random(seed).uniform(0, 0.4)).violations == ()


def _pulled(slug: str, action: str, cut: Cut, folder: Path, wait: float) -> Pulled:
    """On a busy machine a practice world may look otherwise, and the run then goes another way: a second one is tried."""
    for number in range(TRIES):
        place = folder / str(number)
        place.mkdir()
        with suppress(NotReached):
            return pull(slug, action, place, wait, cut)
    raise NotReached(f"{slug} {action} was not reached in {TRIES} worlds.")
