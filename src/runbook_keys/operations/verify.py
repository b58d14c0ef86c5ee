"""Is the journal whole? Changes nothing and runs nothing."""

from __future__ import annotations

from msgspec import Struct

from runbook_keys.journal.verify import verify_run
from runbook_keys.journal.whole import Contents, verify_journal
from runbook_keys.model.entry import Damage
from runbook_keys.operations.run import find_run
from runbook_keys.operations.services import Services


class VerifyReport(Struct, frozen=True):
    """What was looked at, the chain value at its end, and everything that does not verify."""

    runs: int
    entries: int
    head: str
    damages: tuple[Damage, ...]


async def verify(services: Services, run: str = "") -> VerifyReport:
    """Verify one run, or the whole journal when `run` is empty. Raises RunNotFound."""
    if run:
        return await _one_run(services, run)
    store = services.store
    heads = await store.runs()
    contents = Contents(
        heads=heads,
        entries={head.run: await store.entries(head.run) for head in heads},
        spine=await store.spine(),
        blobs=await store.blobs(),
    )
    rows = contents.spine
    damages = tuple(verify_journal(contents))
    return VerifyReport(len(heads), len(rows), rows[-1].spine_link if rows else "", damages)


async def _one_run(services: Services, run: str) -> VerifyReport:
    head = await find_run(services, run)
    stored = await services.store.entries(head.run)
    return VerifyReport(1, len(stored), stored[-1].link, tuple(verify_run(stored)))
