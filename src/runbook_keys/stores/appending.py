"""What every store does before it adds entries: spell them, and check the fence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from runbook_keys.errors import RunTaken
from runbook_keys.journal.lines import encode
from runbook_keys.model.actor import Actor
from runbook_keys.model.entry import Entry
from runbook_keys.model.event import AnyEvent, MaterialErased
from runbook_keys.stores.names import checked, not_found


def lines_after(
    run: str, after_seq: int, at: datetime, actor: Actor, events: Sequence[AnyEvent]
) -> list[bytes]:
    """The lines of `events` as the entries that follow `after_seq`.

    Raises ValueError for no events, RunNotFound for a name that no run can have.
    """
    if not events:
        raise ValueError("An append needs at least one event.")
    checked(run)
    return [encode(Entry(run, seq, at, actor, event)) for seq, event in enumerate(events, after_seq + 1)]


def erased_by(events: Sequence[AnyEvent]) -> Iterator[str]:
    """The material that goes with these events, in the same transaction: no entry says "erased" of what is still there."""
    for event in events:
        if isinstance(event, MaterialErased):
            yield from event.digests


def check_fence(run: str, after_seq: int, head_seq: int | None) -> None:
    """Let pass only what follows the head (`None`: there is no such run, and only 0 follows).

    Of two drivers only one can be right about the head. Raises RunTaken for the other one, RunNotFound when an entry is
    to follow in a run that was never opened.
    """
    if head_seq is None and after_seq != 0:
        raise not_found(run)
    if head_seq is not None and after_seq == 0:
        raise RunTaken(f"A run {run} exists already. Nothing was done here.")
    if head_seq is not None and after_seq != head_seq:
        raise RunTaken(
            f"Somebody else has written to run {run}: it stands at entry {head_seq}, not {after_seq}. "
            f"Nothing was done here. `keys show {run}` shows it."
        )
