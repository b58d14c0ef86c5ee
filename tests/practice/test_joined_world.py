"""The selling and the jobs department side by side: one dependency breaks both, and each heals in its own way."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keys_practice.joined import JoinedWorld


@pytest.fixture
def world() -> Iterator[JoinedWorld]:
    """Both departments of one's own."""
    started = JoinedWorld.start()
    yield started
    started.stop()


def asked(world: JoinedWorld, *argv: str) -> tuple[int, Any]:
    """Exit code and JSON of one command."""
    done = subprocess.run(
        [*argv, "--json"], env=world.environment(), capture_output=True, text=True, timeout=60
    )
    return done.returncode, json.loads(done.stdout)


def test_one_dependency_breaks_both_departments_and_both_are_well_again(world: JoinedWorld) -> None:
    """Receipts die of it, the dependency's own command says so, and a replay after its end heals them."""
    world.break_with("addresses-refused")
    code, companies = asked(world, "queuectl", "companies")
    assert (1, {"mail": True, "addresses": False}) == (code, {c["name"]: c["is_well"] for c in companies})
    assert 2 <= asked(world, "depctl", "dependents", "addresses")[1]["left"]
    assert 0 == asked(world, "depctl", "dependents", "payments")[1]["left"]
    problems = world.judge().problems
    assert any("addresses" in words for words in problems)
    assert any("not sent" in words for words in problems)

    world.break_further("mended")
    assert 0 == asked(world, "queuectl", "companies")[0]
    assert 0 == asked(world, "breakerctl", "settle", "addresses")[0]
    assert 0 == asked(world, "queuectl", "replay")[0]
    assert 0 == asked(world, "queuectl", "wait")[0]

    assert 0 == asked(world, "depctl", "dependents", "addresses")[1]["left"]
    verdict = world.judge()
    assert ([], []) == (verdict.problems, verdict.changed)


def test_a_queue_that_the_jobs_runbook_has_paused_is_left_behind_and_a_persons_pause_is_theirs(
    world: JoinedWorld,
) -> None:
    """Also where no job waits: else nobody would let it go on."""
    world.break_with("nothing-broken")
    for reason, is_left in (
        ("database maintenance until 04:00", False),
        ("incident: customers get mails twice", False),
        ("incident: company down (A5)", True),
    ):
        assert 0 == asked(world, "queuectl", "pause", "--reason", reason)[0]
        assert is_left == bool(asked(world, "depctl", "dependents", "addresses")[1]["left"])
        assert 0 == asked(world, "queuectl", "resume")[0]


def test_nothing_of_either_department_is_left_behind(world: JoinedWorld) -> None:
    """Stopping it twice does nothing the second time."""
    folders = [Path(each).parent for each in world.environment()["PATH"].split(":")[:2]]
    assert all(each.is_dir() for each in folders)

    world.stop()

    assert not any(each.exists() for each in folders)
