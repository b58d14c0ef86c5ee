"""The runs of the journal in a few figures each, remembered by the chain value that they were worked out at."""

from __future__ import annotations

from collections.abc import Sequence

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
    """The runs that can be read, oldest first: all of them, or out of the `latest` so many."""
    heads = await services.store.runs()
    return (await readable(services, heads if latest is None else heads[-latest:]))[0]


async def readable(services: Services, heads: Sequence[RunHead]) -> tuple[list[RunSummary], str]:
    """Those of these runs that can be read; and which can't be, in a sentence, empty where all can."""
    found = []
    for number, head in enumerate(heads, 1):
        found.append((head.run, await _summary_or_none(services, head)))
        services.progress("reading runs", number, len(heads))
    runs = [summary for _, summary in found if summary]
    names = ", ".join(run for run, summary in found if summary is None)
    if not names:
        return runs, ""
    return runs, f"Not counted here, because their record can't be read: {names}. `keys verify` says why."


async def lessons(services: Services, slug: str) -> str:
    """What earlier runs of `slug` teach, in a sentence or two; empty where nothing is known."""
    return earlier(await summaries(services, LATEST), slug)


async def _summary_or_none(services: Services, head: RunHead) -> RunSummary | None:
    """None for a run that somebody edited: it must keep nobody from all the others."""
    try:
        return await _summary(services, head)
    except JournalDamaged:
        return None


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
