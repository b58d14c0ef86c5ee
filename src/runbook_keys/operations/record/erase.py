"""Erase personal data from the record of a run. The chain still verifies, and that it was erased stays on record."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from runbook_keys.engine import inputs as i
from runbook_keys.errors import JournalDamaged, RefusedInput
from runbook_keys.evidence.retention import ALTHOUGH_KEPT, is_held, kept_until
from runbook_keys.journal.blobs import references
from runbook_keys.journal.lines import read
from runbook_keys.model.actor import Actor
from runbook_keys.model.entry import Entry, RunHead
from runbook_keys.model.event import RunEnded, RunOpened
from runbook_keys.operations.recorded import find_run, recorded, reopen
from runbook_keys.operations.services import Services


class Erasable(Struct, frozen=True):
    """What of a run can be erased: each piece of material with the number of the entry that speaks of it.

    `although` names the setting that would keep it for longer; it stays on the record beside the reason.
    """

    run: str
    pieces: tuple[tuple[int, str], ...]
    although: str = ""


async def erasable(
    services: Services, run: str, entries: Collection[int] = (), *, although_kept: bool = False
) -> Erasable:
    """The material of a run, or only of these entries; the texts of the runbook and its KEYS are no personal data.

    `although_kept`: also before `retention.keep_days` have passed. Raises RunNotFound; RefusedInput where the run has not
    ended, is held, must be kept for longer, or an entry has nothing to erase.
    """
    head = await find_run(services, run)
    read_entries = [read(each) for each in await recorded(services, head.run)]
    ended_at = next((entry.at for entry in read_entries if isinstance(entry.event, RunEnded)), None)
    if ended_at is None:
        raise RefusedInput(
            f"Run {head.run} has not ended, and may still need it. End it first: `keys resume`."
        )
    _refuse_held(services, head.run, read_entries[0])
    although = _although(services, head.run, ended_at, although_kept=although_kept)
    found = tuple(piece for entry in read_entries for piece in _pieces(entry, entries))
    empty = set(entries) - {seq for seq, _ in found}
    if empty:
        numbers = ", ".join(map(str, sorted(empty)))
        raise RefusedInput(
            f"Entry {numbers} of run {head.run} has no material to erase. `keys export` lists it in material.csv."
        )
    return Erasable(head.run, found, although)


def _refuse_held(services: Services, run: str, opening: Entry) -> None:
    incident = opening.event.incident if isinstance(opening.event, RunOpened) else run
    if is_held(services.config.retention, run, incident):
        raise RefusedInput(
            f"Run {run} is under a legal hold: [retention] hold in keys.toml. Nothing was erased. "
            "Whoever owns the hold lifts it there."
        )


def _although(services: Services, run: str, ended_at: datetime, *, although_kept: bool) -> str:
    """The setting that keeps the run's material for longer, where a person's right outweighs it; else empty."""
    settings = services.config.retention
    until = kept_until(settings, ended_at)
    if until is None or until <= services.clock.now():
        return ""
    kept = f"= {settings.keep_days} keeps it until {until:%Y-%m-%d}"
    if not although_kept:
        raise RefusedInput(
            f"The material of run {run} is too young: retention.keep_days {kept}. Nothing was erased. "
            "Where a person's right outweighs that: add --although-kept, and say so in --reason."
        )
    return f"{ALTHOUGH_KEPT} {kept}"


async def erase(services: Services, actor: Actor, what: Erasable, reason: str) -> int:
    """Record who erases it and why, then erase it; how many pieces that were.

    Both are one transaction. Whoever is interrupted after it may find it in the file's side files until these are made anew.
    Raises Refused without a reason, RunTaken while a driver holds the run, JournalDamaged where the run's end is missing.
    """
    digests = tuple(dict.fromkeys(digest for _, digest in what.pieces))
    if not digests:
        raise RefusedInput(f"Run {what.run} has no material to erase. Nothing was changed.")
    claim = services.store.claim(what.run)
    try:
        head = await find_run(services, what.run)
        await _refuse_cut(services, head)
        session, _ = await reopen(services, head, needs_values=False)
        entries = tuple(sorted({seq for seq, _ in what.pieces}))
        await session.tell(i.Erase(digests, entries, _told(reason, what.although)), actor)
        for digest in digests:
            await services.store.erase(digest)
    finally:
        claim.release()
    return len(digests)


async def _refuse_cut(services: Services, head: RunHead) -> None:
    """An entry about the erasure would take the place, and the number, of what is missing."""
    rows = await services.store.spine_of(head.run_no)
    last = (await recorded(services, head.run))[-1]
    if rows and rows[-1].link != last.link:
        raise JournalDamaged(
            f"The last entries of run {head.run} are not those that the spine tells of. Nothing was erased. "
            f"`keys verify {head.run}` shows what is wrong. Put back a copy of the journal that has them, then erase there."
        )


def _told(reason: str, although: str) -> str:
    """The reason as it stays on the record. An empty one stays empty, and is refused."""
    return f"{reason}; {although}" if although and reason.strip() else reason


def _pieces(entry: Entry, wanted: Collection[int]) -> Sequence[tuple[int, str]]:
    if wanted and entry.seq not in wanted:
        return ()
    event = entry.event
    if isinstance(event, RunOpened):
        return ((entry.seq, event.inputs_blob),) if event.inputs_blob else ()
    return tuple((entry.seq, digest) for digest in references(event))
