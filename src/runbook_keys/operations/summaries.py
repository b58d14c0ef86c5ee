"""The runs of the journal in a few figures each, remembered by the chain value that they were worked out at."""

from __future__ import annotations

import msgspec

from runbook_keys.errors import JournalDamaged
from runbook_keys.evidence.lessons import earlier
from runbook_keys.evidence.summary import RunSummary, summary_of
from runbook_keys.journal.lines import read
from runbook_keys.model.entry import RunHead
from runbook_keys.operations.recorded import recorded
from runbook_keys.operations.services import Services

LATEST = 100
"""How many of the latest runs are looked at before the first question."""


async def summaries(services: Services, latest: int | None = None) -> list[RunSummary]:
    """The runs, oldest first: all of them, or the `latest` so many. Raises JournalDamaged."""
    heads = await services.store.runs()
    chosen = heads if latest is None else heads[-latest:]
    return [await _summary(services, head) for head in chosen]


async def lessons(services: Services, slug: str) -> str:
    """What earlier runs of `slug` teach, in a sentence or two; empty where nothing is known."""
    try:
        return earlier(await summaries(services, LATEST), slug)
    except JournalDamaged:  # an older record that somebody edited must not keep anybody from this incident
        return ""


async def _summary(services: Services, head: RunHead) -> RunSummary:
    # The chain value names the exact history, so what was worked out at it can't grow stale.
    key = f"summary {head.run} {head.link}"
    remembered = services.cache.get(key)
    if remembered is not None:
        return msgspec.msgpack.decode(remembered, type=RunSummary)
    summary = summary_of([read(stored) for stored in await recorded(services, head.run)])
    if summary.ending is not None:
        services.cache.put(key, msgspec.msgpack.encode(summary))
    return summary
