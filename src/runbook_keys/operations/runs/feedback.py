"""Feedback on a runbook's steps: given from a run, shown to whoever edits the pack next."""

from __future__ import annotations

from collections.abc import Sequence

from runbook_keys.driver.session import Session
from runbook_keys.engine import inputs as i
from runbook_keys.errors import InvalidPack, JournalDamaged, Refused
from runbook_keys.evidence.followups_feedback import Feedback, step_digest, still_holds
from runbook_keys.evidence.summary import Doubt, RunSummary
from runbook_keys.model.actor import Actor
from runbook_keys.model.entry import Blob
from runbook_keys.model.pack import Pack
from runbook_keys.model.runbook import Runbook
from runbook_keys.operations.packs import OpenPack, read_pack
from runbook_keys.operations.recording import add_to_run
from runbook_keys.operations.services import Services
from runbook_keys.operations.summaries import summaries

ERASED = "(its words were erased)"


async def give_feedback(services: Services, actor: Actor, run: str, step: str, words: str) -> str:
    """Record that `step` of the text that `run` pinned is wrong; the run's name. Raises what `add_to_run` raises."""
    if not words.strip():
        raise Refused("Say in a few words what is wrong with the step.")

    def told(session: Session, blob: Blob) -> i.Input:
        found = session.runbook.step(step)
        return i.Doubt(step, step_digest(found) if found else "", blob.digest)

    name, _ = await add_to_run(services, run, actor, words, told)
    return name


async def feedback_on(services: Services, opened: OpenPack) -> list[Feedback]:
    """What was said of steps that this text still has unchanged, oldest first; none where the journal can't be read."""
    try:
        runs = await summaries(services)
    except JournalDamaged:
        return []
    slug, runbook = opened.metadata.slug, opened.runbook
    return [
        await _feedback(services, run, doubt)
        for run in runs
        if run.slug == slug
        for doubt in run.doubts
        if _holds(runbook, doubt)
    ]


async def feedback_on_packs(services: Services, packs: Sequence[Pack]) -> list[Feedback]:
    """The same for packs that may be unreadable or no runbooks; those have none."""
    found: list[Feedback] = []
    for pack in packs:
        try:
            found += await feedback_on(services, read_pack(pack, services.cache))
        except InvalidPack:
            continue
    return found


def _holds(runbook: Runbook, doubt: Doubt) -> bool:
    return still_holds(runbook, doubt.step, doubt.step_digest)


async def _feedback(services: Services, run: RunSummary, doubt: Doubt) -> Feedback:
    content = await services.store.blob(doubt.words_blob)
    words = ERASED if content is None else content.decode("utf-8", "replace")
    return Feedback(run.slug, run.version, doubt.step, words, doubt.by, doubt.at, run.run)
