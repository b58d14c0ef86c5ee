"""The follow-ups of all runs: what is due, who has it, what is done."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from runbook_keys.driver.session import Session
from runbook_keys.engine import inputs as i
from runbook_keys.errors import Refused
from runbook_keys.evidence.followups import FollowUp, follow_ups, in_order
from runbook_keys.evidence.summary import RunSummary
from runbook_keys.journal.lines import read
from runbook_keys.model import event as e
from runbook_keys.model.actor import Actor
from runbook_keys.model.entry import Blob, Entry
from runbook_keys.operations.recorded import recorded
from runbook_keys.operations.recording import add_to_run, digest_if_said
from runbook_keys.operations.services import Services
from runbook_keys.operations.stories import runbook_of
from runbook_keys.operations.summaries import readable


class FollowUpList(Struct, frozen=True):
    """Follow-ups, and which runs could not be looked at, in a sentence."""

    found: list[FollowUp]
    unreadable: str


async def list_follow_ups(services: Services, slug: str = "") -> FollowUpList:
    """The follow-ups of every real incident that is over, overdue ones first. Practice has none."""
    every, unreadable = await readable(services, await services.store.runs())
    found = [one for run in every if _counts(run, slug) for one in await follow_ups_of(services, run)]
    return FollowUpList(in_order(found, services.clock.now()), unreadable)


def _counts(run: RunSummary, slug: str) -> bool:
    return run.ending is not None and not run.is_practice and slug in ("", run.slug)


async def follow_ups_of(services: Services, run: RunSummary) -> list[FollowUp]:
    """The follow-ups of one run, from section 10 of the text that it pinned."""
    entries = [read(each) for each in await recorded(services, run.run)]
    opened = entries[0].event
    if not isinstance(opened, e.RunOpened):
        return []
    runbook = await runbook_of(services, run.run, opened)
    return follow_ups(runbook.follow_ups, run.slug, entries)


async def assign(services: Services, actor: Actor, run: str, number: int, to: str) -> str:
    """Give follow-up `number` (from 1) of `run` to somebody; its words. Raises what `add_to_run` raises."""
    _, events = await add_to_run(
        services, run, actor, "", lambda _session, _blob: i.AssignFollowUp(number - 1, to)
    )
    return next(event.words for event in events if isinstance(event, e.FollowUpAssigned))


async def complete(services: Services, actor: Actor, run: str, number: int, note: str = "") -> str:
    """Say that follow-up `number` (from 1) of `run` is done; its words. Raises what `add_to_run` raises.

    One that is done already is refused: who did it, and when, is not said anew.
    """

    def told(session: Session, blob: Blob) -> i.CompleteFollowUp:
        _refuse_done(session.entries, number)
        return i.CompleteFollowUp(number - 1, digest_if_said(blob))

    _, events = await add_to_run(services, run, actor, note, told)
    return next(event.words for event in events if isinstance(event, e.FollowUpDone))


def _refuse_done(entries: Sequence[Entry], number: int) -> None:
    for entry in entries:
        if isinstance(entry.event, e.FollowUpDone) and entry.event.item == number - 1:
            raise Refused(
                f"{entry.actor} did follow-up {number} on {entry.at:%Y-%m-%d %H:%M} UTC. Nothing was recorded now. "
                "`keys followups` lists what is still open."
            )
