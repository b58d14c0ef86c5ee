"""What a driver leaves behind, and what people say of a run later, is signed at once: nobody can edit it meanwhile unseen."""

from __future__ import annotations

from pathlib import Path

import pytest
from a_journal import BELA, ESCALATED, Journal
from keyring import edit, rewritten, verified

from runbook_keys.config import Config
from runbook_keys.model import reply as r
from runbook_keys.model.breach import BreachDetail
from runbook_keys.model.view import View
from runbook_keys.operations.runs.breach import become_aware, detail
from runbook_keys.operations.runs.run import resume


class Leaving:
    """An operator who looks at one screen and goes."""

    actor = BELA

    async def reply(self, view: View) -> r.Reply:
        """Leaves."""
        return r.Leave()

    async def wait(self, view: View, until: object) -> r.Reply:
        """Leaves."""
        return r.Leave()

    def progress(self, view: View, text: str) -> None:
        """Looks away."""


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal with the runbook installed."""
    made = Journal(tmp_path)
    made.install()
    return made


def test_what_an_operator_leaves_behind_is_signed(journal: Journal) -> None:
    """The entries of the sitting do not wait for the next approval or the end."""
    run = journal.run()
    journal.config = Config(inputs={"SWITCH_FOLDER": str(journal.home)})
    journal.do(lambda at: resume(at, Leaving(), run))
    report = verified(journal.home)
    assert (report.entries > 2, report.signed) == (True, report.entries)


def test_what_is_said_of_a_run_is_signed_and_its_rewriting_found(journal: Journal) -> None:
    """A notice to the authority that somebody dates anew past KEYS, with all links, without the key."""
    run = journal.run(*ESCALATED)
    journal.do(lambda at: become_aware(at, BELA, run, None))
    journal.pass_(minutes=5)
    journal.do(lambda at: detail(at, BELA, run, BreachDetail.NOTIFIED, "", journal.clock.now()))
    report = verified(journal.home)
    assert report.signed == report.entries
    edit(
        journal.home,
        "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), 'happened_at\":\"2026-11-20', 'happened_at\":\"2026-11-19') AS BLOB) "
        "WHERE run_no = 1 AND CAST(line AS TEXT) LIKE '%BreachDetailed%'",
    )
    rewritten(journal.home)
    assert {"spine-rewritten", "remembered-rewritten"} <= {
        each.code for each in verified(journal.home).damages
    }
