"""The commands beside a run, killed and failed at their calls: the record stays whole, and nothing half looks finished."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import COMMANDS, disturb_command
from faulty import KILLS, FaultyKeys, Plan


@pytest.mark.parametrize("kind", KILLS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_killed_leaves_the_record_whole(
    program: FaultyKeys, tmp_path: Path, name: str, kind: str
) -> None:
    """A few of its calls; the long suite kills at every one."""
    step = {"export": 23}.get(name, 7)
    tally = disturb_command(program, tmp_path, name, Plan(kind), range(3, 10**6, step))
    assert tally.violations == []
    assert tally.disturbed > 0


@pytest.mark.parametrize("name", ["verify", "export", "declare", "anchor"])
def test_a_command_that_can_not_read_says_so_and_calls_nothing_whole(
    program: FaultyKeys, tmp_path: Path, name: str
) -> None:
    """A few of its reads fail; the long suite fails every one."""
    tally = disturb_command(program, tmp_path, name, Plan("unreadable"), range(2, 10**6, 5))
    assert tally.violations == []
    assert tally.disturbed > 0


@pytest.mark.long
@pytest.mark.parametrize("kind", [*KILLS, "unreadable", "part", "full", "broken"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_disturbed_at_every_call_leaves_the_record_whole(
    program: FaultyKeys, tmp_path: Path, name: str, kind: str
) -> None:
    """N = 1, 2, 3 … until it ends without having met it."""
    assert disturb_command(program, tmp_path, name, Plan(kind)).violations == []
