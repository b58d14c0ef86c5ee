"""Is the journal whole? Changes nothing and runs nothing."""

from __future__ import annotations

from msgspec import Struct

from runbook_keys.journal.whole import Contents, verify_journal
from runbook_keys.model.entry import Damage
from runbook_keys.operations.recorded import find_run
from runbook_keys.operations.services import Services
from runbook_keys.ports import JournalStore


class VerifyReport(Struct, frozen=True):
    """What was looked at, the chain value at its end (empty where nothing is), and everything that does not verify."""

    runs: int
    entries: int
    head: str
    damages: tuple[Damage, ...]


async def verify(services: Services, run: str = "") -> VerifyReport:
    """Verify one run, or the whole journal when `run` is empty. Raises RunNotFound."""
    contents = await _gathered(services.store)
    damages = tuple(verify_journal(contents))
    if not run:
        rows = contents.spine
        return VerifyReport(len(contents.heads), len(rows), rows[-1].spine_link if rows else "", damages)
    head = await find_run(services, run)
    stored = contents.entries[head.run]
    # Against the spine too: that a run's last entries are gone, the run alone can't tell.
    of_run = tuple(damage for damage in damages if damage.run == head.run)
    return VerifyReport(1, len(stored), stored[-1].link if stored else "", of_run)


async def _gathered(store: JournalStore) -> Contents:
    heads = await store.runs()
    return Contents(
        heads=heads,
        entries={head.run: await store.entries(head.run) for head in heads},
        spine=await store.spine(),
        blobs=await store.blobs(),
        erased=await store.erased(),
    )
