"""A run with its text and its material, read from the journal for a post-mortem. Changes nothing."""

from __future__ import annotations

import msgspec

from runbook_keys.errors import JournalDamaged, RunNotFound
from runbook_keys.evidence.followups import follow_ups
from runbook_keys.evidence.postmortem.story import Story
from runbook_keys.evidence.summary import summary_of
from runbook_keys.journal.lines import read
from runbook_keys.journal.verify import verify_run
from runbook_keys.model import event as e
from runbook_keys.model.entry import Entry, RunHead, StoredEntry
from runbook_keys.model.outcome import Observation
from runbook_keys.model.runbook import Runbook
from runbook_keys.operations.packs import read_pack
from runbook_keys.operations.recorded import find_run, pinned_pack, recorded
from runbook_keys.operations.services import Services

_ERASED = "(text erased)"


async def stories_of_incident(services: Services, run: str) -> list[Story]:
    """The runs of the incident that `run` belongs to, in their order. Raises RunNotFound, JournalDamaged."""
    head = await find_run(services, run)
    wanted = await story_of(services, head)
    incident = wanted.summary.incident
    found = []
    for other in await services.store.runs():
        if other.run == head.run:
            found.append(wanted)
        elif (await _incident(services, other)) == incident:
            found.append(await story_of(services, other))
    return found


async def _incident(services: Services, head: RunHead) -> str:
    """The incident of a run; empty where its first entry can't be read."""
    try:
        opened = read((await services.store.entries(head.run))[0]).event
    except (JournalDamaged, IndexError):
        return ""
    return opened.incident if isinstance(opened, e.RunOpened) else ""


async def story_of(services: Services, head: RunHead) -> Story:
    """One run's story. Raises JournalDamaged where its entries can't be read, RunNotFound where its opening is gone."""
    stored = await recorded(services, head.run)
    entries = [read(each) for each in stored]
    opened = entries[0].event
    if not isinstance(opened, e.RunOpened):
        raise RunNotFound(
            f"Run {head.run} does not begin with its opening. `keys verify {head.run}` says more."
        )
    runbook = await runbook_of(services, head.run, opened)
    texts, observations = await _material(services, entries)
    return Story(
        summary=summary_of(entries),
        runbook=runbook,
        entries=entries,
        texts=texts,
        observations=observations,
        follow_ups=() if opened.kind.is_practice else follow_ups(runbook.follow_ups, opened.slug, entries),
        fault=_fault(stored),
    )


async def runbook_of(services: Services, run: str, opened: e.RunOpened) -> Runbook:
    """The text that the run pinned; an empty one of that name where it was erased."""
    try:
        return read_pack(await pinned_pack(services, run, opened), services.cache).runbook
    except RunNotFound:
        return Runbook(f"{opened.slug} {_ERASED}")


def _fault(stored: list[StoredEntry]) -> str:
    damages = verify_run(stored)
    return f"entry {damages[0].seq}: {damages[0].what}" if damages else ""


async def _material(
    services: Services, entries: list[Entry]
) -> tuple[dict[str, str], dict[str, Observation]]:
    """What people wrote and what attempts showed, by digest; without what was erased or is not what it was."""
    texts: dict[str, str] = {}
    observations: dict[str, Observation] = {}
    for entry in entries:
        match entry.event:
            case e.AttemptFinished(output_blob=digest) if digest:
                content = await _content(services, digest)
                if content:
                    observations[digest] = _observation(content)
            case (
                e.NoteAdded(note_blob=digest)
                | e.StepDoubted(words_blob=digest)
                | e.EvidenceRecorded(blob=digest)
                | e.BreachAware(note_blob=digest)
                | e.BreachDetailed(text_blob=digest)
                | e.FollowUpDone(note_blob=digest)
            ) if digest and digest not in observations:
                content = await _content(services, digest)
                if content is not None:
                    texts[digest] = content.decode("utf-8", "replace")
            case _:
                pass
    return texts, observations


async def _content(services: Services, digest: str) -> bytes | None:
    try:
        return await services.store.blob(digest)
    except JournalDamaged:  # material that somebody changed is not quoted
        return None


def _observation(content: bytes) -> Observation:
    try:
        return msgspec.json.decode(content, type=Observation)
    except msgspec.DecodeError:
        return Observation()
