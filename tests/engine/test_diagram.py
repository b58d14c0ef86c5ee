"""The page about the states is drawn from the table."""

from __future__ import annotations

from pathlib import Path

from runbook_keys.engine.transitions import TRANSITIONS

PAGE = Path(__file__).parents[2] / "docs/explanation/state-machine.md"


def test_the_page_shows_every_transition_and_no_other() -> None:
    """Each arrow of the page is a cell of the table, and each cell an arrow."""
    drawn = {line.strip() for line in PAGE.read_text("utf-8").splitlines() if "-->" in line}
    table = {
        f"{phase.name} --> {target.name}: {event.__name__}"
        for phase, row in TRANSITIONS.items()
        for event, targets in row.items()
        for target in targets
    }

    assert table == drawn
