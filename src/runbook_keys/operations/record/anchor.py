"""Send to the anchors what they do not keep yet. What is pending is what is not there: there is no list that could differ.

Of a copy the folder wants every checkpoint. Of time-stamps the newest one is enough: it holds the digests of all before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from runbook_keys.errors import AnchorUnavailable, JournalUnavailable
from runbook_keys.journal.anchor_check import lag_of
from runbook_keys.model.entry import Checkpoint
from runbook_keys.operations.record.anchored import PATIENCE_SECONDS
from runbook_keys.operations.services import Services
from runbook_keys.ports import Anchor

NONE_CONFIGURED = "Nothing keeps checkpoints elsewhere. Name a folder or a time-stamp authority in keys.toml, under [anchors]."


class Anchored(Struct, frozen=True):
    """One anchor after a try: how many checkpoints were sent, how many entries it lacks since when, and why."""

    place: str
    sent: int
    lacks: int
    since: str
    why: str

    @property
    def is_done(self) -> bool:
        """True where nothing is pending."""
        return not self.lacks and not self.why


def has_anchors(services: Services) -> bool:
    """Whether anything is configured."""
    return bool(services.copies.place or services.stamps.place)


async def anchor(services: Services, seconds: float = 10 * PATIENCE_SECONDS) -> list[Anchored]:
    """Send what is pending to every anchor, each for so many seconds at most. Raises AnchorUnavailable where there is none.

    The journal's end gets a checkpoint first, if it has none yet.
    """
    if not has_anchors(services):
        raise AnchorUnavailable(NONE_CONFIGURED)
    entries = sum(head.seq for head in await services.store.runs())
    fault = await _cover(services, entries)
    checkpoints = await services.store.checkpoints()
    wanted = ((services.copies, checkpoints), (services.stamps, checkpoints[-1:]))
    return [
        await _sent(each, pending, checkpoints, entries, seconds, fault)
        for each, pending in wanted
        if each.place
    ]


async def _cover(services: Services, entries: int) -> str:
    """Have a checkpoint over the last entry; why there is none."""
    made = await services.store.checkpoints()
    try:
        if entries > (made[-1].gseq if made else 0):
            await services.store.checkpoint(services.clock.now(), "for the anchors")
    except JournalUnavailable as unavailable:
        return str(unavailable)
    return ""


async def _sent(
    to: Anchor,
    wanted: Sequence[Checkpoint],
    checkpoints: Sequence[Checkpoint],
    entries: int,
    seconds: float,
    fault: str,
) -> Anchored:
    sent: list[int] = []
    before: frozenset[int] = frozenset()
    try:
        async with asyncio.timeout(seconds):
            before = frozenset(await to.numbers(checkpoints[0].note if checkpoints else b"", seconds))
            for each in wanted:
                if each.no not in before:
                    await to.keep(each.no, each.note, min(seconds, PATIENCE_SECONDS))
                    sent.append(each.no)
    except AnchorUnavailable as unavailable:
        fault = str(unavailable)
    except TimeoutError:
        fault = f"It took longer than {seconds:.0f} s."
    lag = lag_of(before | frozenset(sent), checkpoints, entries)
    return Anchored(to.place, len(sent), lag.entries, lag.since, fault)
