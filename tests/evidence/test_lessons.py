"""What the next operator is told about earlier runs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runbook_keys.evidence.lessons import earlier
from runbook_keys.evidence.summary import RunSummary
from runbook_keys.model.runbook import Ending

AT = datetime(2026, 11, 23, 3, 12, tzinfo=UTC)


def _run(ending: Ending | None, *kept: str, slug: str = "example", is_practice: bool = False) -> RunSummary:
    return RunSummary("r-1", slug, "1.0.0", "r-1", AT, AT, "somebody", "V1", ending, False, is_practice, kept)


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([], ""),
        ([_run(Ending.RESOLVED, "A1")], "This happened once before. A1 fixed it once."),
        (
            [_run(Ending.RESOLVED, "A1"), _run(Ending.RESOLVED, "A1"), _run(Ending.ESCALATED)],
            "This happened 3 times before. A1 fixed it twice; it was escalated once.",
        ),
        ([_run(Ending.RESOLVED, "A2", "A5")], "This happened once before. A2, A5 fixed it once."),
        ([_run(Ending.UNVERIFIED, "A1")], "This happened once before."),
        ([_run(Ending.STOPPED), _run(Ending.HANDED_OFF), _run(None)], ""),
        ([_run(Ending.RESOLVED, "A1", is_practice=True), _run(Ending.RESOLVED, "A1", slug="other")], ""),
    ],
)
def test_only_what_was_verified_counts_as_mended(runs: list[RunSummary], words: str) -> None:
    """Practice, other runbooks, other incidents and runs nobody verified claim nothing."""
    assert words == earlier(runs, "example")
