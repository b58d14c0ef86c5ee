"""The plug is pulled in the middle of actions of the shipped runbooks, in worlds that are really broken."""

from __future__ import annotations

import random
import secrets
from pathlib import Path

import pytest

from plugs import DRILLS, Cut, pull
from runbook_keys.book.parse import parse
from runbook_keys.bootstrap import shipped_library
from runbook_keys.model.runbook import StepKind
from runbook_keys.operations.packs import README
from runbook_keys.system.library import FolderLibrary

ACTIONS = [(slug, action) for slug, actions in DRILLS.items() for action in actions]


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


@pytest.mark.long
@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize(("slug", "action"), ACTIONS)
def test_a_plug_pulled_in_an_action_breaks_no_promise(
    slug: str, action: str, cut: Cut, tmp_path: Path
) -> None:
    """Each time at another moment; a failure names its seed."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    assert pull(slug, action, tmp_path, random.Random(seed).uniform(0, 0.4), cut).violations == ()
