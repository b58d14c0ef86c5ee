"""Whoever may not write the journal can read it all the same, and is told what that means."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from a_journal import BELA, ESCALATED, Journal
from keyring import without_rights

from runbook_keys.errors import JournalUnavailable
from runbook_keys.operations.record.access import record_access
from runbook_keys.operations.runs.feedback import give_feedback
from runbook_keys.operations.runs.listing import show_run
from runbook_keys.operations.services import Services


@pytest.fixture
def read_only() -> Iterator[tuple[Journal, str]]:
    """A journal of one run that a login without rights may read but not write, and the run's name."""
    # Not below pytest's own folder: another login can't go through that one.
    home = Path(tempfile.mkdtemp(prefix="keys-read-only-"))
    try:
        journal = Journal(home)
        journal.install()
        run = journal.run(*ESCALATED)
        journal.do(lambda at: _read(at, run))  # all modules are loaded while they can be
        shutil.rmtree(home / "claims")
        (home / "journal.db").chmod(0o444)
        home.chmod(0o555)
        yield journal, run
    finally:
        home.chmod(0o755)
        shutil.rmtree(home)


async def _read(at: Services, run: str) -> tuple[str, str]:
    history = await show_run(at, run)
    return history.timeline[-1].words, await record_access(at, BELA, [run], "timeline")


def test_a_journal_that_can_only_be_read_is_shown_and_says_that_the_reading_is_not_on_record(
    read_only: tuple[Journal, str],
) -> None:
    """The timeline comes out whole, the file stays as it was, and no side file is left."""
    journal, run = read_only
    before = (journal.home / "journal.db").read_bytes()
    journal.pass_(hours=2)
    with without_rights():
        words, notice = journal.do(lambda at: _read(at, run))

    assert "was read" in words
    assert notice == "This reading is not on the record: the journal can't be written here."
    assert (journal.home / "journal.db").read_bytes() == before
    assert not list(journal.home.glob("journal.db-*"))


def test_nothing_can_be_added_to_a_journal_that_can_only_be_read(read_only: tuple[Journal, str]) -> None:
    """It is refused in words before anything is tried."""
    journal, run = read_only

    with without_rights(), pytest.raises(JournalUnavailable, match="Nothing was done here"):
        journal.do(lambda at: give_feedback(at, BELA, run, "S1", "wrong"))
