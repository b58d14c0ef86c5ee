"""Is the journal whole, and signed? Changes nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.journal.anchor_check import Held, joined
from runbook_keys.journal.checkpoint import read_notes
from runbook_keys.journal.checkpoint_check import Signed, Verifier, check_checkpoints, check_kept
from runbook_keys.journal.receipt import check_receipt
from runbook_keys.journal.whole import Contents, verify_journal
from runbook_keys.model.entry import Damage
from runbook_keys.operations.anchored import against_anchors
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
    which is `checkpoint`; `keys` are the names of the keys that are known here. `anchored` says what fits that is kept
    elsewhere, receipts too, and `lags` what is not there yet.
    """

    runs: int
    entries: int
    head: str
    damages: tuple[Damage, ...]
    notices: tuple[str, ...] = ()
    signed: int = 0
    checkpoint: int = 0
    keys: tuple[str, ...] = ()
    anchored: tuple[str, ...] = ()
    lags: tuple[str, ...] = ()


async def verify(
    services: Services, run: str = "", kept: bytes = b"", receipts: Sequence[str] = ()
) -> VerifyReport:
    """Verify one run, or the whole journal when `run` is empty; also against what its anchors keep.

    `kept` are checkpoints that were kept elsewhere: they find what was cut off, put back or signed anew. `receipts` are
    those of approvers. Raises RunNotFound; JournalDamaged where `kept` is no checkpoint; RefusedInput where a receipt is
    none; SigningUnavailable.
    """
    contents = await gathered(services.store)
    known = services.signer.public_keys()
    verifier = verifier_of(services.signer, known)
    signed = check_checkpoints(contents.checkpoints, contents.spine, verifier)
    kept_notes = check_kept(read_notes(kept), contents.spine, verifier) if kept else None
    held = joined(
        (
            Held(kept_notes.damages, kept_notes.notices) if kept_notes else Held(),
            await against_anchors(services, contents, verifier),
            *(check_receipt(each, contents.entries) for each in receipts),
        )
    )
    signed = replace(
        signed, damages=(*signed.damages, *held.damages), notices=(*signed.notices, *held.notices)
    )
    report = await _of_run(services, run, contents, signed) if run else _of_all(contents, signed, bool(known))
    return replace(report, keys=tuple(known), anchored=held.fits, lags=held.lags)


def _of_all(contents: Contents, signed: Signed, has_key: bool) -> VerifyReport:
    rows = contents.spine
    is_bare = has_key and rows and not contents.checkpoints
    return VerifyReport(
        runs=len(contents.heads),
        entries=len(rows),
        head=rows[-1].spine_link if rows else "",
        damages=(*verify_journal(contents), *signed.damages),
        notices=(*signed.notices, NO_CHECKPOINTS) if is_bare else signed.notices,
        signed=signed.rows,
        checkpoint=signed.last_no,
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


async def _of_run(services: Services, run: str, contents: Contents, signed: Signed) -> VerifyReport:
    head = await find_run(services, run)
    stored = contents.entries[head.run]
    covered = [row for row in contents.spine if row.run_no == head.run_no and row.gseq <= signed.rows]
    return VerifyReport(
        runs=1,
        entries=len(stored),
        head=stored[-1].link if stored else "",
        # Against spine and checkpoints too: that a run's last entries are gone, the run alone can't tell.
        damages=(*(each for each in verify_journal(contents) if each.run == head.run), *signed.damages),
        notices=signed.notices,
        signed=len(covered),
        checkpoint=signed.last_no,
    )
