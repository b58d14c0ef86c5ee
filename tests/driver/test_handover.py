"""The hand-over: whoever is called learns at once whether something was changed that nobody has verified."""

import pytest

from runbook_keys.book.parse import parse
from runbook_keys.bootstrap import shipped_library
from runbook_keys.driver.handover import handover
from runbook_keys.engine.state import State
from runbook_keys.engine.transitions import Phase
from runbook_keys.model.runbook import Ending

RUNBOOK = parse((shipped_library() / "supabase-rls-lockout-recovery" / "README.md").read_bytes()).runbook


def _where(ending: Ending, is_change_unverified: bool) -> str:
    state = State(phase=Phase.ENDED, ending=ending, is_change_unverified=is_change_unverified)
    return next(line for line in handover(RUNBOOK, state, ()) if line.startswith("Where we are"))


@pytest.mark.parametrize("ending", [Ending.ESCALATED, Ending.HANDED_OFF, Ending.ABANDONED])
def test_an_end_after_a_change_says_in_its_first_words_that_nobody_has_verified_it(ending: Ending) -> None:
    """A "yes" in the eighth line is overlooked at 3 AM."""
    assert "Changed and not verified" in _where(ending, True)
    assert "not verified" not in _where(ending, False)


def test_an_unverified_end_says_it_once() -> None:
    """Its own words are the same."""
    assert "Changed and not verified" not in _where(Ending.UNVERIFIED, True)
