"""Which checkpoints a run does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from runbook_keys.journal.anchor_check import readable
from runbook_keys.journal.checkpoint_check import Survey, read_all, verifier_of
from runbook_keys.journal.damages import damage
from runbook_keys.journal.declared import mark_of_note
from runbook_keys.model.entry import Damage, SpineRow
from runbook_keys.operations.record.remembered import remembered_here
from runbook_keys.operations.services import Services


async def off_checkpoints(services: Services, run: str, rows: Sequence[SpineRow]) -> list[Damage]:
    """Where the checkpoints tell of a run's rows otherwise: run and spine were rewritten together, without the key.

    The one that is kept beside the key counts too, since those in the journal may have been signed anew by another key.
    What a signed declaration covers is left out.
    """
    if not rows:
        return []
    places = {row.gseq: row for row in rows}
    standing = await services.store.checkpoints(rows[0].gseq, rows[-1].gseq)
    notes = {note.body: note for note in readable(each.note for each in standing)}
    notes |= {note.body: note for note in remembered_here(services).notes}
    off = [
        note for note in notes.values() if note.gseq in places and note.link != places[note.gseq].spine_link
    ]
    if not off:
        return []
    survey = Survey(verifier_of(services.signer, services.signer.public_keys()))
    async for batch in services.store.checkpoint_batches():
        survey.add(read_all(batch))
    return [
        damage("run-off-checkpoint", run, places[note.gseq].rseq, checkpoint=note.no)
        for note in off
        if mark_of_note(note) not in survey.known
    ]
