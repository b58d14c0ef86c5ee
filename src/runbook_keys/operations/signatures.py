"""Which of this machine's keys made a signature, and which checkpoints a run does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runbook_keys.journal.anchor_check import readable
from runbook_keys.journal.checkpoint_check import Survey, Verifier, read_all
from runbook_keys.journal.damages import damage
from runbook_keys.journal.declared import mark_of_note
from runbook_keys.model.entry import Damage, SpineRow
from runbook_keys.operations.services import Services
from runbook_keys.ports import Signer


def verifier_of(signer: Signer, public_keys: Mapping[str, bytes]) -> Verifier:
    """Tries the keys whose name begins with the id that a signature names."""

    def verified(key_id: str, content: bytes, value: bytes) -> bool | None:
        found = [pem for name, pem in public_keys.items() if name.startswith(key_id)]
        return any(signer.is_signed(pem, content, value) for pem in found) if found else None

    return verified


async def off_checkpoints(services: Services, run: str, rows: Sequence[SpineRow]) -> list[Damage]:
    """Where the checkpoints tell of a run's rows otherwise: run and spine were rewritten together, without the key.

    What a signed declaration covers is left out.
    """
    if not rows:
        return []
    places = {row.gseq: row for row in rows}
    standing = await services.store.checkpoints(rows[0].gseq, rows[-1].gseq)
    notes = readable(each.note for each in standing if each.gseq in places)
    off = [note for note in notes if note.gseq in places and note.link != places[note.gseq].spine_link]
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
