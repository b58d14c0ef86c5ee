"""Inputs beside the course of a run: they add to its record and change nothing about where it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import asdict

from runbook_keys.engine import inputs as i
from runbook_keys.engine.course import Events, stamp
from runbook_keys.engine.state import State
from runbook_keys.errors import Refused
from runbook_keys.model import event as e
from runbook_keys.model.breach import BreachDetail
from runbook_keys.model.runbook import Runbook

NOTIFY_WITHIN = timedelta(hours=72)
"""GDPR Art. 33(1): how long the authority may wait, from when somebody is aware."""


def notify_by(state: State) -> datetime | None:
    """When the authority must know; None where nobody is aware of a breach."""
    return state.aware_at + NOTIFY_WITHIN if state.aware_at else None


def is_before_aware(moment: datetime, aware_at: datetime) -> bool:
    """Whether it lies before anybody knew: nobody tells of what nobody knows. People write times to the minute."""
    return moment < aware_at.replace(second=0, microsecond=0)


def is_breach_decided(state: State) -> bool:
    """Whether it is on record that the authority was notified, or why not."""
    return bool(state.breach & {BreachDetail.NOTIFIED, BreachDetail.NOT_NOTIFIED})


def doubt(runbook: Runbook, _state: State, given: i.Doubt, _at: datetime) -> Events:
    """Feedback about a step of this text. Raises Refused where the text has no such step."""
    if runbook.step(given.step) is None:
        labels = ", ".join(step.label for step in runbook.steps)
        raise Refused(f"This runbook has no step {given.step}. Its steps: {labels}.")
    return (e.StepDoubted(**asdict(given)),)


def become_aware(_runbook: Runbook, _state: State, given: i.BecomeAware, at: datetime) -> Events:
    """The 72 hours begin. Raises Refused for a moment that has not come."""
    aware_at = given.aware_at or at
    _refuse_future(aware_at, at)
    return (e.BreachAware(stamp(aware_at), given.blob),)


def detail_breach(_runbook: Runbook, state: State, given: i.DetailBreach, at: datetime) -> Events:
    """A part of the record. Raises Refused before anybody is aware, for a moment before that, and for one that has not come."""
    if state.aware_at is None:
        raise Refused("Say first since when you know of the breach: `keys aware RUN --at TIME`.")
    if given.happened_at is not None:
        _refuse_future(given.happened_at, at)
        if is_before_aware(given.happened_at, state.aware_at):
            raise Refused(
                f"{stamp(given.happened_at)} is before {stamp(state.aware_at)}, since when somebody knows of the breach. "
                "Correct that time. If somebody knew earlier: `keys aware RUN --at TIME`, then say this again."
            )
    happened_at = stamp(given.happened_at) if given.happened_at else ""
    return (e.BreachDetailed(given.detail, given.blob, happened_at),)


def _refuse_future(moment: datetime, at: datetime) -> None:
    if moment > at:
        raise Refused(
            f"{stamp(moment)} has not come yet; it is {stamp(at)}. Give a time that has passed, in UTC."
        )


def assign_follow_up(runbook: Runbook, _state: State, given: i.AssignFollowUp, _at: datetime) -> Events:
    """Somebody owns a follow-up. Raises Refused where there is none of that number, or nobody is named."""
    if not given.to.strip():
        raise Refused("Name a person or a team that takes it.")
    return (e.FollowUpAssigned(given.item, _follow_up(runbook, given.item), given.to.strip()),)


def complete_follow_up(runbook: Runbook, _state: State, given: i.CompleteFollowUp, _at: datetime) -> Events:
    """A follow-up is done. Raises Refused where there is none of that number."""
    return (e.FollowUpDone(given.item, _follow_up(runbook, given.item), given.blob),)


def _follow_up(runbook: Runbook, item: int) -> str:
    count = len(runbook.follow_ups)
    if not 0 <= item < count:
        has = f"has {count}, numbered from 1" if count else "has none"
        raise Refused(f"There is no follow-up {item + 1}: section 10 of this runbook {has}.")
    return runbook.follow_ups[item]


def read(_runbook: Runbook, _state: State, given: i.Read, _at: datetime) -> Events:
    """Access to the record is itself on the record."""
    return (e.RecordRead(given.what),)


def erase(_runbook: Runbook, _state: State, given: i.Erase, _at: datetime) -> Events:
    """Material goes, and that stays on record. Raises Refused without a reason."""
    if not given.reason.strip():
        raise Refused("Say in a few words why it is erased; it goes on the record.")
    return (e.MaterialErased(**asdict(given)),)


ANY_TIME: dict[type[Any], Callable[[Runbook, State, Any, datetime], Events]] = {
    i.Doubt: doubt,
    i.BecomeAware: become_aware,
    i.DetailBreach: detail_breach,
}
"""What may be said of a run while it goes on and after its end."""
