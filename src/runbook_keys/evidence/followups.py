"""The follow-ups of section 10: when each is due, who has it, whether it is done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.model import event as e
from runbook_keys.model.entry import Entry
from runbook_keys.model.runbook import Ending

_PERIOD = re.compile(r"(?:within|in|after) (\d{1,4}|an?|one|two) (hour|day|week|month)s?\b", re.IGNORECASE)
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2}
_LENGTHS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}
_WITHOUT = (None, Ending.STOPPED)


class Standing(StrEnum):
    """How a follow-up stands at a moment."""

    OVERDUE = "overdue"
    DUE = "due"
    DONE = "done"


class FollowUp(Struct, frozen=True):
    """One task of section 10. `number` counts from 1; `due_at` is None where its heading names no period.

    `owner` is empty until somebody has it; `note_blob` is what was said when it was done, if anything was.
    """

    run: str
    slug: str
    number: int
    period: str
    words: str
    ended_at: datetime
    due_at: datetime | None
    owner: str = ""
    done_at: datetime | None = None
    done_by: str = ""
    note_blob: str = ""

    def standing(self, now: datetime) -> Standing:
        """Done, overdue at `now`, or still to come."""
        if self.done_at is not None:
            return Standing.DONE
        return Standing.OVERDUE if self.due_at is not None and self.due_at < now else Standing.DUE


def follow_ups(tasks: Sequence[str], slug: str, entries: Sequence[Entry]) -> list[FollowUp]:
    """The follow-ups of one run, from section 10 of its text (`Within 24 hours: Review it`) and its entries.

    None while the run goes on, nor where it was another incident.
    """
    ended = next((each for each in entries if isinstance(each.event, e.RunEnded)), None)
    if ended is None or not isinstance(ended.event, e.RunEnded) or ended.event.ending in _WITHOUT:
        return []
    found = [_fresh(ended, slug, number, task) for number, task in enumerate(tasks, start=1)]
    for entry in entries:
        match entry.event:
            case e.FollowUpAssigned(item=item, to=to) if item < len(found):
                found[item] = replace(found[item], owner=to)
            case e.FollowUpDone(item=item, note_blob=blob) if item < len(found) and not found[item].done_by:
                found[item] = replace(found[item], done_at=entry.at, done_by=str(entry.actor), note_blob=blob)
            case _:
                pass
    return found


def _fresh(ended: Entry, slug: str, number: int, task: str) -> FollowUp:
    period, _, words = task.partition(": ") if period_of(task) else ("", "", task)
    length = period_of(task)
    return FollowUp(
        run=ended.run,
        slug=slug,
        number=number,
        period=period,
        words=words,
        ended_at=ended.at,
        due_at=ended.at + length if length else None,
    )


def period_of(task: str) -> timedelta | None:
    """The period at the start of a task: `Within 24 hours: …`; None where there is none."""
    match = _PERIOD.match(task)
    if match is None:
        return None
    number = match[1].casefold()
    return (_NUMBERS.get(number) or int(number)) * _LENGTHS[match[2].casefold()]


def in_order(found: Iterable[FollowUp], now: datetime) -> list[FollowUp]:
    """Overdue first, then what is due soonest, done last."""
    order = list(Standing)
    return sorted(
        found,
        key=lambda one: (
            order.index(one.standing(now)),
            one.due_at is None,
            one.due_at or one.ended_at,
            one.run,
            one.number,
        ),
    )
