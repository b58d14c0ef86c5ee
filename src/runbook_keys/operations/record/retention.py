"""What is due for erasure by the settings of `keys.toml`, and its erasure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from runbook_keys.errors import JournalDamaged, RefusedInput, RunTaken
from runbook_keys.evidence.retention import amount, is_due, is_overdue_and_open, unknown_holds
from runbook_keys.evidence.summary import RunSummary
from runbook_keys.model.actor import Actor
from runbook_keys.model.entry import RunHead
from runbook_keys.operations.record.erase import Erasable, erasable, erase
from runbook_keys.operations.recorded import undamaged
from runbook_keys.operations.services import Services
from runbook_keys.operations.summaries import readable


class DueRun(Struct, frozen=True):
    """A run whose material is due: when it ended, and what is left of it."""

    ended_at: datetime
    what: Erasable


class Due(Struct, frozen=True):
    """What is due, the oldest run first. `unknown_holds` are names that the hold has and the journal has not.

    `notices` are sentences on what can't be due: it never ended, or its record can't be read or was changed.
    """

    runs: tuple[DueRun, ...] = ()
    unknown_holds: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many pieces of material that are."""
        return sum(len(run.what.pieces) for run in self.runs)

    @property
    def amount(self) -> str:
        """The same in words: `12 pieces of 3 runs`."""
        return amount(self.count, len(self.runs))


class Erased(Struct, frozen=True):
    """How many pieces were erased; `left` are the runs that somebody was just adding to."""

    pieces: int
    left: tuple[str, ...]


async def due(services: Services) -> Due:
    """What is due now. Changes nothing."""
    settings, now = services.config.retention, services.clock.now()
    heads = await services.store.runs()
    unknown = unknown_holds(settings, {head.run for head in heads})
    if settings.erase_after_days is None:
        return Due(unknown_holds=unknown)
    runs, unreadable = await readable(services, heads)
    gone = set(await services.store.erased())
    by_name = {head.run: head for head in heads}
    found, changed = [], []
    for run in runs:
        if is_due(settings, run, now):
            try:
                found.append(await _left_of(services, by_name[run.run], run, gone))
            except JournalDamaged as damaged:  # what somebody did to it may have to be found out
                changed.append(f"Not counted here: {damaged}")
    still_open = [run.run for run in runs if is_overdue_and_open(settings, run, now)]
    return Due(
        tuple(run for run in found if run.what.pieces),
        unknown,
        tuple(filter(None, (_never_ended(still_open), unreadable, *changed))),
    )


async def _left_of(services: Services, head: RunHead, run: RunSummary, gone: set[str]) -> DueRun:
    await undamaged(services, head)
    what = await erasable(services, run.run)
    left = tuple((seq, digest) for seq, digest in what.pieces if digest not in gone)
    return DueRun(run.ended_at or run.last_at, Erasable(run.run, left))


def _never_ended(runs: Sequence[str]) -> str:
    if not runs:
        return ""
    return f"Never ended, so never due: {', '.join(runs)}. End them with `keys resume RUN`."


def refuse_while_doubtful(services: Services, what: Due) -> None:
    """Raises RefusedInput while a name of the hold is unknown, or an integrity alarm stands."""
    if what.unknown_holds:
        raise RefusedInput(
            f"retention.hold names what this journal does not have: {', '.join(what.unknown_holds)}. "
            "Correct it in keys.toml: a slip there would let go what must be kept. Nothing was erased."
        )
    if services.store.alarm():
        raise RefusedInput(
            "An integrity alarm stands: material may be needed to find out what happened. Nothing was erased. "
            "`keys verify` says why. Then `keys declare`."
        )


async def erase_due(services: Services, actor: Actor, what: Due) -> Erased:
    """Erase all of it, run by run, for a reason that names the setting.

    Raises RefusedInput as `refuse_while_doubtful`, JournalUnavailable.
    """
    refuse_while_doubtful(services, what)
    days = services.config.retention.erase_after_days
    pieces, left = 0, []
    for run in what.runs:
        reason = f"retention.erase_after_days = {days}, ended {run.ended_at:%Y-%m-%d}"
        try:
            pieces += await erase(services, actor, run.what, reason)
        except RunTaken:
            left.append(run.what.run)
    return Erased(pieces, tuple(left))
