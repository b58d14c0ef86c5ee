"""List the runs; show one run's timeline."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from runbook_keys.driver.handover import handover
from runbook_keys.evidence.summary import RunSummary, summary_of
from runbook_keys.evidence.words import words_of
from runbook_keys.model.entry import StoredEntry
from runbook_keys.operations.recorded import find_run, recorded, reopen
from runbook_keys.operations.services import Services
from runbook_keys.operations.summaries import summaries


class TimelineLine(Struct, frozen=True):
    """One entry in words."""

    seq: int
    at: datetime
    actor: str
    words: str


class RunHistory(Struct, frozen=True):
    """One run: its line, its timeline, its hand-over, its stored lines as they stand in the journal."""

    line: RunSummary
    timeline: tuple[TimelineLine, ...]
    handover: tuple[str, ...]
    stored: tuple[StoredEntry, ...]


async def list_runs(services: Services) -> list[RunSummary]:
    """All runs, oldest first."""
    return await summaries(services)


async def show_run(services: Services, run: str) -> RunHistory:
    """One run's history. Raises RunNotFound."""
    head = await find_run(services, run)
    stored = await recorded(services, head.run)
    session, _ = await reopen(services, head, needs_values=False)
    return RunHistory(
        line=summary_of(session.entries),
        timeline=tuple(
            TimelineLine(entry.seq, entry.at, str(entry.actor), words_of(entry.event))
            for entry in session.entries
        ),
        handover=handover(
            session.runbook, session.state, session.entries, session.reached(session.runbook.escalate_to)
        ),
        stored=tuple(stored),
    )
