"""List the runs; show one run's timeline."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from runbook_keys.driver.handover import handover
from runbook_keys.errors import JournalDamaged
from runbook_keys.evidence.summary import RunSummary, summary_of
from runbook_keys.evidence.words import words_of
from runbook_keys.journal.lines import decode
from runbook_keys.model.entry import Entry, StoredEntry
from runbook_keys.operations.recorded import find_run, recorded, reopen
from runbook_keys.operations.services import Services
from runbook_keys.operations.summaries import readable


class RunList(Struct, frozen=True):
    """The runs that can be read, how many earlier ones were left out, and in words which can't be read."""

    runs: list[RunSummary]
    earlier: int
    unreadable: str


class TimelineLine(Struct, frozen=True):
    """One entry in words; `at` is None where they say that it can't be read."""

    seq: int
    at: datetime | None
    actor: str
    words: str


class RunHistory(Struct, frozen=True):
    """One run: its line, its timeline, its hand-over, its stored lines as they stand in the journal.

    Where somebody edited it, `line` is None, the hand-over says so, and the timeline is what can still be read.
    """

    run: str
    line: RunSummary | None
    timeline: tuple[TimelineLine, ...]
    handover: tuple[str, ...]
    stored: tuple[StoredEntry, ...]


async def list_runs(services: Services, latest: int | None = None) -> RunList:
    """The runs, oldest first: all of them, or the `latest` so many."""
    heads = await services.store.runs()
    chosen = heads if latest is None else heads[-latest:]
    runs, notice = await readable(services, chosen)
    return RunList(runs, len(heads) - len(chosen), notice)


async def show_run(services: Services, run: str) -> RunHistory:
    """One run's history. Raises RunNotFound."""
    head = await find_run(services, run)
    stored = await recorded(services, head.run)
    try:
        session, _ = await reopen(services, head, needs_values=False)
    except JournalDamaged as damaged:
        said = (f"Run {head.run} can't be read whole. {damaged}", "What can be read of it:")
        return RunHistory(head.run, None, tuple(map(_readable, stored)), said, tuple(stored))
    return RunHistory(
        run=head.run,
        line=summary_of(session.entries),
        timeline=tuple(map(_line, session.entries)),
        handover=handover(
            session.runbook, session.state, session.entries, session.reached(session.runbook.escalate_to)
        ),
        stored=tuple(stored),
    )


def _line(entry: Entry) -> TimelineLine:
    return TimelineLine(entry.seq, entry.at, str(entry.actor), words_of(entry.event))


def _readable(stored: StoredEntry) -> TimelineLine:
    try:
        return _line(decode(stored.line))
    except JournalDamaged as damaged:
        return TimelineLine(stored.seq, None, "", f"CAN'T BE READ. {damaged}")
