"""Declare that what does not verify is known, after a restored backup or a disk that lost data; the alarm ends."""

from __future__ import annotations

from msgspec import Struct

from runbook_keys.errors import JournalUnavailable, RefusedInput
from runbook_keys.journal.anchor_check import readable
from runbook_keys.journal.checkpoint import Note, read_notes
from runbook_keys.journal.declared import MOST_MARKS, marks, misfits
from runbook_keys.model.entry import Checkpoint, Damage, Declaration
from runbook_keys.operations.record.anchored import copied_notes
from runbook_keys.operations.record.look_through import links_of
from runbook_keys.operations.record.remembered import remembered_here
from runbook_keys.operations.record.verify import verify
from runbook_keys.operations.services import Services


class Declarable(Struct, frozen=True):
    """What a declaration would cover: the findings, and the checkpoints that tell of what the journal does not hold.

    `after_no` is the highest number that is not used again.
    """

    damages: tuple[Damage, ...]
    lost: tuple[Note, ...]
    kept: bytes
    after_no: int = 0


async def declarable(services: Services, kept: bytes = b"") -> Declarable:
    """All that does not verify now. `kept` are checkpoints that were kept elsewhere.

    Raises RefusedInput where there is nothing to declare, or far too much of it; what `verify` raises.
    """
    report = await verify(services, kept=kept)
    own = readable(each.note for each in await services.store.checkpoints())
    remembered = remembered_here(services).notes
    notes = [*own, *await copied_notes(services), *remembered, *(read_notes(kept) if kept else ())]
    lost = misfits(notes, await links_of(services.store, notes))
    if not report.damages and not report.alarm:
        raise RefusedInput("The journal verifies, and no alarm stands. There is nothing to declare.")
    if len(report.damages) + len(lost) > MOST_MARKS:
        raise RefusedInput(
            f"{len(report.damages) + len(lost)} findings are more than one mishap. Keep this journal as it is, and "
            "begin a new one: set KEYS_HOME to a new folder."
        )
    after_no = max((note.no for note in (*lost, *remembered)), default=0)
    return Declarable(report.damages, tuple(lost), kept, after_no)


async def declare(services: Services, what: Declarable, reason: str) -> Checkpoint:
    """Sign that it is known, and why; from then on only new damage is reported. Ends the alarm.

    Raises SigningUnavailable: a declaration that anybody could have written is none. JournalUnavailable.
    """
    services.signer.sign(b"")
    declaration = Declaration(" ".join(marks(what.damages, what.lost)), what.after_no)
    made = await services.store.checkpoint(
        services.clock.now(), f"damage declared: {reason}", declaration=declaration
    )
    if made is None:
        raise JournalUnavailable(
            "The journal has no entry yet, so there is nothing to declare. Put a copy of it back, or begin a new one: "
            "set KEYS_HOME to a new folder."
        )
    services.store.end_alarm()
    return made
