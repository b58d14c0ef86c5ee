"""Who read the record of a run, and who took a copy, is on that record, and never in a driver's way.

A reading once an hour per person and run; a copy whoever takes it, once an hour per person and copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from runbook_keys.engine.decide import decide
from runbook_keys.engine.evolve import fold
from runbook_keys.engine.inputs import Read
from runbook_keys.errors import JournalDamaged, JournalUnavailable, Refused, RunTaken
from runbook_keys.evidence.words import COPY
from runbook_keys.journal.lines import read
from runbook_keys.journal.verify import verify_run
from runbook_keys.model import event as e
from runbook_keys.model.actor import Actor, ActorKind
from runbook_keys.model.entry import Entry, StoredEntry
from runbook_keys.model.runbook import Runbook
from runbook_keys.operations.recorded import find_run, looked_at, recorded
from runbook_keys.operations.services import Services
from runbook_keys.ports import JournalStore

ONCE_IN = timedelta(hours=1)

CHANGED = "the run's record was changed, and is left as it is"
DRIVEN = "somebody is driving the run"

_IsNew = Callable[[Sequence[Entry], Actor, datetime], bool]


async def record_access(services: Services, actor: Actor, runs: Sequence[str], what: str) -> str:
    """Record that `actor` is given `what` of these runs; in words for how many that could not be done, else empty.

    Reading never fails for it: a journal that can't be written, a run that is being driven or that was edited is read
    all the same, and the sentence says so.
    """
    reasons: dict[str, int] = {}
    ends = _Ends(services.store)
    for run in runs:
        if reason := await _record_one(services, ends, actor, run, what, _is_new_reader):
            reasons[reason] = reasons.get(reason, 0) + 1
    return " ".join(_said(reason, count, len(runs)) for reason, count in reasons.items())


async def record_copy(services: Services, actor: Actor, run: str, digest: str) -> str:
    """Record that `actor` took a copy of the run: the chain of custody begins with the bundle's `digest` (hex SHA-256).

    Who drove the run is no exception: a copy leaves the house. In words why it is not on the record, else empty.
    """
    what = f"{COPY}{digest[:16]}"

    def is_new(entries: Sequence[Entry], actor: Actor, at: datetime) -> bool:
        return not any(
            entry.event == e.RecordRead(what) and entry.actor.name == actor.name and at - entry.at < ONCE_IN
            for entry in entries
        )

    reason = await _record_one(services, _Ends(services.store), actor, run, what, is_new)
    return f"That a copy was taken is not on the record: {reason}." if reason else ""


def _said(reason: str, count: int, of: int) -> str:
    runs = "1 run" if count == 1 else f"{count} runs"
    which = "This reading" if of == 1 else f"The reading of {runs}"
    return f"{which} is not on the record: {reason}."


class _Ends:
    """Where the spine says that each run ends, looked up once for all runs of a reading.

    An entry that is added to a run whose end was cut off would take the place, and the number, of what is missing.
    """

    def __init__(self, store: JournalStore) -> None:
        self._store = store
        self._links: dict[str, str] | None = None

    async def fits(self, last: StoredEntry) -> bool:
        """True if the run's last entry is the last one that the spine tells of."""
        if self._links is None:
            rows = {row.run_no: row for row in await self._store.spine_ends()}
            heads = await self._store.runs()
            self._links = {head.run: rows[head.run_no].link for head in heads if head.run_no in rows}
        return self._links.get(last.run) == last.link


async def _record_one(
    services: Services, ends: _Ends, actor: Actor, run: str, what: str, is_new: _IsNew
) -> str:
    """Why it could not be recorded; empty where it was, or need not be."""
    try:
        stored = await recorded(services, run)
        if verify_run(stored):
            return CHANGED
        entries = [read(each) for each in stored]
        at = max(services.clock.now(), entries[-1].at)
        if not is_new(entries, actor, at):
            return ""
        if not await ends.fits(stored[-1]):
            return await _why_it_does_not_fit(services, run)
        events = decide(Runbook(""), fold(entries), Read(what), at)
        claim = services.store.claim(run)
        try:
            await services.store.append(run, len(entries), at, actor, events)
        finally:
            claim.release()
    except RunTaken:
        return DRIVEN
    except Refused:
        return "the run stands in the middle of an attempt"
    except JournalUnavailable:
        return "the journal can't be written here"
    except JournalDamaged:
        return "the run's record can't be read whole"
    return ""


async def _why_it_does_not_fit(services: Services, run: str) -> str:
    """Somebody changed run or spine, or added to the run after its entries were read here."""
    _, damages = await looked_at(services, await find_run(services, run))
    return CHANGED if damages else DRIVEN


def _is_new_reader(entries: Sequence[Entry], actor: Actor, at: datetime) -> bool:
    """False for who drove the run, and for who read it within the hour."""
    return not any(
        entry.actor.name == actor.name
        and entry.actor.kind is not ActorKind.DRIVER
        and (not isinstance(entry.event, e.AFTER_END) or (_is_reading(entry) and at - entry.at < ONCE_IN))
        for entry in entries
    )


def _is_reading(entry: Entry) -> bool:
    return isinstance(entry.event, e.RecordRead)
