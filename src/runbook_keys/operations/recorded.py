"""Runs that the journal holds: found, and opened again on the text that they pinned."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from runbook_keys.driver.session import Session, Values
from runbook_keys.errors import JournalDamaged, RunNotFound
from runbook_keys.journal.lines import read
from runbook_keys.journal.whole import verify_on_spine
from runbook_keys.model.entry import Damage, RunHead, StoredEntry
from runbook_keys.model.event import AFTER_END, RunEnded, RunOpened
from runbook_keys.model.pack import Pack
from runbook_keys.operations.packs import OpenPack, read_pack
from runbook_keys.operations.services import Services
from runbook_keys.operations.signatures import off_checkpoints
from runbook_keys.operations.values import gather

LATEST = 100
"""Among so many of the latest runs one is looked for that has not ended: at 3 AM nobody waits for years of them."""


async def find_run(services: Services, run: str) -> RunHead:
    """The run's head; without a name the latest run that has not ended. Raises RunNotFound."""
    heads = await services.store.runs()
    if run:
        head = next((known for known in heads if known.run == run), None)
        if head is None:
            raise RunNotFound(f"The journal has no run {run}. `keys runs` lists them.")
        return head
    for head in reversed(heads[-LATEST:]):
        with suppress(JournalDamaged):  # what can't be read can't be resumed; the one before may wait
            if not _is_over(await recorded(services, head.run)):
                return head
    of = f" among the latest {LATEST}; `keys runs --all` shows earlier ones" if len(heads) > LATEST else ""
    raise RunNotFound(f"No run is waiting to be resumed{of}. Give the one that you mean: `keys resume RUN`.")


def _is_over(stored: Sequence[StoredEntry]) -> bool:
    """Whether the end is on record, perhaps with notes and the like after it."""
    events = (read(each).event for each in reversed(stored))
    return isinstance(next((event for event in events if not isinstance(event, AFTER_END)), None), RunEnded)


async def recorded(services: Services, run: str) -> list[StoredEntry]:
    """The run's entries, at least one. Raises RunNotFound, or JournalDamaged where somebody removed them all."""
    stored = await services.store.entries(run)
    if not stored:
        raise JournalDamaged(f"The entries of run {run} are gone. `keys verify {run}` says what is missing.")
    return stored


async def looked_at(services: Services, head: RunHead) -> tuple[list[StoredEntry], list[Damage]]:
    """The run's entries, and what is wrong with them: in themselves, against the spine, against the checkpoints.

    Raises what `recorded` raises.
    """
    with services.store.snapshot():
        stored = await recorded(services, head.run)
        rows = await services.store.spine_of(head.run_no)
        off = await off_checkpoints(services, head.run, rows)
    return stored, [*verify_on_spine(head.run, stored, rows), *off]


async def undamaged(services: Services, head: RunHead) -> list[StoredEntry]:
    """The run's entries. Nothing is done on what somebody may have edited: an approval in it may be nobody's.

    Raises JournalDamaged.
    """
    stored, damages = await looked_at(services, head)
    if damages:
        first = damages[0]
        raise JournalDamaged(
            f"The record of run {head.run} was changed at entry {first.seq}: {first.what} Nothing was done here. "
            f"`keys verify {head.run}` shows all of it; `keys run` starts afresh."
        )
    return stored


async def reopen(
    services: Services, head: RunHead, needs_values: bool = True
) -> tuple[Session, tuple[str, ...]]:
    """The session of a recorded run on its pinned text, and the names of inputs whose values have changed since.

    `needs_values`: something is to be done on it, so its chain must be whole. Raises RunNotFound, JournalDamaged.
    """
    stored = await (undamaged(services, head) if needs_values else recorded(services, head.run))
    entries = [read(each) for each in stored]
    opened_event = entries[0].event
    if not isinstance(opened_event, RunOpened):
        raise RunNotFound(
            f"Run {head.run} does not begin with its opening. `keys verify {head.run}` says what is wrong."
        )
    opened = read_pack(await pinned_pack(services, head.run, opened_event), services.cache)
    values = (
        await _values_again(services, opened, opened_event) if needs_values else Values({}, frozenset(), {})
    )
    session = Session(
        head.run,
        opened.runbook,
        values,
        services.store,
        services.clock,
        services.ids,
        services.config.contacts,
    )
    session.replay(entries, head)
    before = opened_event.value_digests
    changed = tuple(sorted(name for name, digest in values.digests.items() if before.get(name) != digest))
    return session, changed


async def pinned_pack(services: Services, run: str, opened: RunOpened) -> Pack:
    """The text that a run was opened with, out of the journal. Raises RunNotFound where it was erased."""
    content = await services.store.blob(opened.pack_blob)
    if content is None:
        raise RunNotFound(f"The runbook text of run {run} was erased, so it can't go on.")
    return pack_in(content, run, opened)


def pack_in(content: bytes, run: str, opened: RunOpened) -> Pack:
    """The text that a run was opened with, out of its material."""
    files = msgspec.json.decode(content, type=dict[str, bytes])
    return Pack(files, f"{opened.slug} {opened.version} as pinned by {run}")


async def _values_again(services: Services, opened: OpenPack, event: RunOpened) -> Values:
    content = await services.store.blob(event.inputs_blob)
    before = msgspec.json.decode(content, type=dict[str, str]) if content else {}
    settings = services.config.inputs_for(opened.metadata.slug)
    return gather(opened.metadata.inputs, before, settings, services.environment, services.secrets)
