"""Is the journal whole, and signed? Runs nothing, and writes nothing into the journal; where it does not verify, an alarm begins."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from runbook_keys.journal.checkpoint import read_notes
from runbook_keys.journal.checkpoint_check import (
    Signed,
    Verifier,
    check_checkpoints,
    check_kept,
    is_foreign,
)
from runbook_keys.journal.declared import undeclared
from runbook_keys.journal.lines import instant
from runbook_keys.journal.whole import Contents, verify_journal
from runbook_keys.model.entry import Alarm, Damage
from runbook_keys.operations.recorded import find_run
from runbook_keys.operations.services import Services
from runbook_keys.ports import JournalStore, Signer

NO_CHECKPOINTS = (
    "There is a signing key, but no checkpoint. Either KEYS was stopped while it made its first one, "
    "or somebody removed them."
)


class VerifyReport(Struct, frozen=True):
    """What was looked at, the chain value at its end (empty where nothing is), and everything that does not verify.

    `notices` are no damage but worth knowing. `signed` of the entries are covered by a good signature, the last of
    which is `checkpoint`; `keys` are the names of the keys that are known here. `alarm` stands since an earlier look.
    """

    runs: int
    entries: int
    head: str
    damages: tuple[Damage, ...]
    notices: tuple[str, ...] = ()
    signed: int = 0
    checkpoint: int = 0
    keys: tuple[str, ...] = ()
    alarm: Alarm | None = None


async def verify(services: Services, run: str = "", kept: bytes = b"") -> VerifyReport:
    """Verify one run, or the whole journal when `run` is empty.

    `kept` are checkpoints that were kept elsewhere: they find what was cut off, put back or signed anew.
    Raises RunNotFound; JournalDamaged where `kept` is no checkpoint; SigningUnavailable.
    """
    contents = await gathered(services.store)
    known = services.signer.public_keys()
    verifier = verifier_of(services.signer, known)
    signed = check_checkpoints(contents.checkpoints, contents.spine, verifier)
    if kept:
        signed = _both(signed, check_kept(read_notes(kept), contents.spine, verifier, signed.known))
    damages = (*undeclared(verify_journal(contents), signed.known), *signed.damages)
    if own := [each for each in damages if not is_foreign(each)]:
        services.store.sound_alarm(Alarm(instant(services.clock.now()), own[0].what))
    if run:
        return await _of_run(services, run, contents, damages, signed, tuple(known))
    rows = contents.spine
    notices = signed.notices
    if known and rows and not contents.checkpoints:
        notices = (*notices, NO_CHECKPOINTS)
    return VerifyReport(
        runs=len(contents.heads),
        entries=len(rows),
        head=rows[-1].spine_link if rows else "",
        damages=damages,
        notices=notices,
        signed=signed.rows,
        checkpoint=signed.last_no,
        keys=tuple(known),
        alarm=services.store.alarm(),
    )


def verifier_of(signer: Signer, public_keys: Mapping[str, bytes]) -> Verifier:
    """Tries the keys whose name begins with the id that a signature names."""

    def verified(key_id: str, content: bytes, value: bytes) -> bool | None:
        found = [pem for name, pem in public_keys.items() if name.startswith(key_id)]
        return any(signer.is_signed(pem, content, value) for pem in found) if found else None

    return verified


async def gathered(store: JournalStore) -> Contents:
    """The whole journal as its store gives it."""
    heads = await store.runs()
    return Contents(
        heads=heads,
        entries={head.run: await store.entries(head.run) for head in heads},
        spine=await store.spine(),
        blobs=await store.blobs(),
        erased=await store.erased(),
        checkpoints=await store.checkpoints(),
    )


async def _of_run(
    services: Services,
    run: str,
    contents: Contents,
    damages: tuple[Damage, ...],
    signed: Signed,
    keys: tuple[str, ...],
) -> VerifyReport:
    head = await find_run(services, run)
    stored = contents.entries[head.run]
    covered = [row for row in contents.spine if row.run_no == head.run_no and row.gseq <= signed.rows]
    return VerifyReport(
        runs=1,
        entries=len(stored),
        head=stored[-1].link if stored else "",
        # Against spine and checkpoints too: that a run's last entries are gone, the run alone can't tell.
        damages=tuple(each for each in damages if each.run == head.run or each in signed.damages),
        notices=signed.notices,
        signed=len(covered),
        checkpoint=signed.last_no,
        keys=keys,
        alarm=services.store.alarm(),
    )


def _both(own: Signed, kept: Signed) -> Signed:
    return Signed(
        (*own.damages, *kept.damages), (*own.notices, *kept.notices), own.rows, own.last_no, own.known
    )
