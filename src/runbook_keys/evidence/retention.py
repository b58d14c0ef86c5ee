"""How long material is kept, as `keys.toml` sets it: what a hold keeps, what may not go yet, what is due."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from runbook_keys.config import Retention
from runbook_keys.evidence.summary import RunSummary

ALTHOUGH_KEPT = "although retention.keep_days"
"""How the record says that material was erased before its time."""


class RetentionFacts(Struct, frozen=True):
    """The settings when a report was made, and whether material of real runs lay there then that is past its time.

    That is what is due, and what can't be due because its run never ended or was changed. What is held does not count.
    """

    settings: Retention = Retention()
    has_overdue: bool = False


def is_held(settings: Retention, run: str, incident: str) -> bool:
    """Whether a legal hold keeps the run, by its own name or by that of its incident."""
    return not {run, incident}.isdisjoint(settings.hold)


def unknown_holds(settings: Retention, runs: Collection[str]) -> tuple[str, ...]:
    """The names of the hold that no run has: a slip in one would let go what must be kept."""
    return tuple(name for name in settings.hold if name not in runs)


def kept_until(settings: Retention, ended_at: datetime) -> datetime | None:
    """Until when the material of a run that ended then must be kept; None where nothing is set."""
    return ended_at + timedelta(days=settings.keep_days) if settings.keep_days else None


def has_passed(settings: Retention, at: datetime, now: datetime) -> bool:
    """Whether so long has passed since `at` that material of then is due."""
    days = settings.erase_after_days
    return days is not None and now - at >= timedelta(days=days)


def is_due(settings: Retention, run: RunSummary, now: datetime) -> bool:
    """Whether the material of a run is due: it was a real one, its time has passed, and nothing holds it back."""
    return (
        not run.is_practice
        and run.ended_at is not None
        and has_passed(settings, run.ended_at, now)
        and not is_held(settings, run.run, run.incident)
    )


def is_overdue_and_open(settings: Retention, run: RunSummary, now: datetime) -> bool:
    """Whether the time has passed since the last entry of a real run that never ended, and so is never due."""
    return not run.is_practice and run.ended_at is None and has_passed(settings, run.last_at, now)


def in_words(settings: Retention) -> Sequence[str]:
    """The settings, a sentence each; none where nothing is set."""
    sentences = []
    if settings.keep_days:
        sentences.append(
            f"keep_days = {settings.keep_days}: material is kept so long after the end of its run, unless an erasure says why not"
        )
    if settings.erase_after_days:
        sentences.append(
            f"erase_after_days = {settings.erase_after_days}: material of real runs is due for erasure so long after their end"
        )
    if settings.hold:
        sentences.append(f"hold = {', '.join(settings.hold)}: is not erased")
    return sentences


def amount(pieces: int, runs: int) -> str:
    """`12 pieces of 3 runs`."""
    return f"{pieces} {'piece' if pieces == 1 else 'pieces'} of {runs} {'run' if runs == 1 else 'runs'}"
