"""Two and more real drivers at once, with kills in between: one leads, the others are told plainly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rivals import rivals_in_one_home, rivals_on_one_run
from trial import Tally

BOTH = pytest.mark.parametrize("rivals", [rivals_on_one_run, rivals_in_one_home])
Rivals = Callable[[Path, int, range], Tally]


@BOTH
def test_of_several_drivers_one_leads_and_no_action_happens_twice(tmp_path: Path, rivals: Rivals) -> None:
    """A few rounds; the counters outside say what happened."""
    tally = rivals(tmp_path, 1, range(3))
    assert tally.violations == []
    assert tally.disturbed > 0


@BOTH
@pytest.mark.long
def test_many_rounds_of_several_drivers_break_no_promise(tmp_path: Path, rivals: Rivals) -> None:
    """The same, long."""
    assert rivals(tmp_path, 2, range(100)).violations == []
