"""Is the journal whole, and signed? Runs nothing, and writes nothing into the journal; where it does not verify, an alarm begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.journal.anchor_check import Held, first_rows, joined, other_copies, readable
from runbook_keys.journal.checkpoint import Note, read_notes
from runbook_keys.journal.checkpoint_check import BESIDE_THE_KEY, Places, Verifier, check_kept, verifier_of
from runbook_keys.journal.damages import REWRITTEN, damage
from runbook_keys.journal.declared import undeclared
from runbook_keys.journal.lines import instant
from runbook_keys.journal.receipt import Receipt, check_receipt, read_receipt
from runbook_keys.model.entry import Alarm, Checkpoint, Damage, RunHead, Strange
from runbook_keys.operations.record.anchored import Elsewhere, Own, against_anchors, kept_elsewhere
from runbook_keys.operations.record.look_through import Looked, Wanted, links_of, look_through
from runbook_keys.operations.record.remembered import Remembered, against_remembered, behind, remembered_here
from runbook_keys.operations.recorded import find_run
from runbook_keys.operations.services import Services


class VerifyReport(Struct, frozen=True):
    """What was looked at, the chain value at its end (empty where nothing is), and everything that does not verify.

    `notices` are no damage but worth knowing. `signed` of the entries are covered by a good signature, the last of
    which is `checkpoint`; `keys` are the names of the keys that are known here. `anchored` says what fits that is kept
    elsewhere, receipts too, and `lags` what is not there yet. `unremembered` is how what lies beside the signing
    key lags behind. `alarm` stands since this look or an earlier one.
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
    unremembered: str = ""
    alarm: Alarm | None = None


class _Given(Struct, frozen=True):
    """What whoever asks holds in the hand: checkpoints that were kept elsewhere, and receipts."""

    notes: Sequence[Note]
    receipts: Sequence[Receipt]


async def verify(
    services: Services,
    run: str = "",
    kept: bytes = b"",
    receipts: Sequence[str] = (),
) -> VerifyReport:
    """Verify one run, or the whole journal when `run` is empty; also against what its anchors keep.

    `kept` are checkpoints that were kept elsewhere: they find what was cut off, put back or signed anew. `receipts` are
    those of approvers. Raises RunNotFound; JournalDamaged where `kept` is no checkpoint; RefusedInput where a receipt is
    none; SigningUnavailable.
    """
    given = _Given(read_notes(kept) if kept else (), [read_receipt(each) for each in receipts])
    # What is kept elsewhere first, then the journal: what an anchor gets in between is no damage, only newer than this look.
    elsewhere, had_key = await kept_elsewhere(services), bool(services.signer.public_keys())
    remembered = remembered_here(services)
    with services.store.snapshot():
        heads = await services.store.runs()
        head = await find_run(services, run) if run else None
        known = services.signer.public_keys()
        verifier = verifier_of(services.signer, known)
        own = await _own(services, elsewhere)
        wanted = _wanted(head, given, elsewhere, own)
        looked = await look_through(services.store, heads, verifier, wanted, services.progress)
        kept_damages = await _elsewhere(services, looked, verifier, given, elsewhere, own, remembered)
    journal = undeclared((*looked.damages, *_bare(looked, had_key)), looked.signed.known)
    # A receipt that somebody mistyped is no damage to the journal, and neither is another journal's checkpoint.
    found = (*journal, *looked.signed.damages, *kept_damages.damages)
    _alarm_at(services, [each for each in found if not each.is_foreign])
    told = joined((kept_damages, *_receipts(given, looked)))
    is_fitting = not any(each.code.startswith(BESIDE_THE_KEY.kinds) for each in kept_damages.damages)
    report = _of_run(head, looked, journal) if head else _of_all(len(heads), looked, journal)
    return replace(
        report,
        unremembered=behind(services, looked.signed.last_no) if is_fitting else "",
        damages=(*report.damages, *looked.signed.damages, *told.damages),
        notices=(*looked.signed.notices, *_begins_late(looked), *_unguarded(looked.strange), *told.notices),
        checkpoint=looked.signed.last_no,
        keys=tuple(known),
        anchored=told.fits,
        lags=told.lags,
        alarm=services.store.alarm(),
    )


def _alarm_at(services: Services, found: Sequence[Damage]) -> None:
    if found:
        at, is_rewritten = instant(services.clock.now()), any(each.code in REWRITTEN for each in found)
        services.store.sound_alarm(Alarm(at, found[0].what, is_rewritten))


def _wanted(head: RunHead | None, given: _Given, elsewhere: Elsewhere, own: Sequence[Checkpoint]) -> Wanted:
    rows = set(first_rows(own).values()) if elsewhere.tokens else ()
    return Wanted(head.run if head else "", {(each.run, each.seq) for each in given.receipts}, rows)


def _receipts(given: _Given, looked: Looked) -> Iterator[Held]:
    return (check_receipt(each, looked.links.get((each.run, each.seq))) for each in given.receipts)


async def _own(services: Services, elsewhere: Elsewhere) -> Sequence[Checkpoint]:
    """The checkpoints that anchors are held against: all of them, but only where there is an anchor."""
    has_anchor = services.copies.place or services.stamps.place or elsewhere.copies or elsewhere.tokens
    return await services.store.checkpoints() if has_anchor else ()


def _unguarded(strange: Strange) -> Sequence[str]:
    """What is said where triggers of ours are gone: no damage, and a trace of somebody who wrote past KEYS."""
    if not strange.unguarded:
        return ()
    names = ", ".join(strange.unguarded)
    return (
        f"Somebody has opened this file with another program. What refuses changes in it is gone: {names}.",
    )


async def _elsewhere(
    services: Services,
    looked: Looked,
    verifier: Verifier,
    given: _Given,
    elsewhere: Elsewhere,
    own: Sequence[Checkpoint],
    remembered: Remembered,
) -> Held:
    """What is kept elsewhere and beside the key against the journal, without what the journal itself declares."""
    known = looked.signed.known
    notes = [*given.notes, *remembered.notes, *readable(other_copies(elsewhere.copies, own).values())]
    places = Places(looked.spine.first, looked.spine.last, await links_of(services.store, notes))
    told = check_kept(given.notes, places, verifier, known)
    written = {no: looked.times[row] for no, row in first_rows(own).items() if row in looked.times}
    side = Own(own, looked.spine.rows, written)
    anchors = against_anchors(services, elsewhere, side, places, verifier, known)
    here = against_remembered(remembered, places, verifier, known)
    held = joined((Held(told.damages, told.notices), here, anchors))
    return replace(held, damages=undeclared(held.damages, known))


def _bare(looked: Looked, had_key: bool) -> Iterator[Damage]:
    """The first entry that is written with a key comes with a checkpoint, in one transaction."""
    if had_key and looked.spine.rows and not looked.checkpoints:
        yield damage("no-checkpoints")


def _begins_late(looked: Looked) -> Iterator[str]:
    if looked.late:
        yield (
            f"{looked.late} entries are older than the first checkpoint, which covers them all the same. An older KEYS wrote "
            "them, or somebody removed their checkpoints before this one was made."
        )


def _of_all(runs: int, looked: Looked, journal: Sequence[Damage]) -> VerifyReport:
    rows = looked.spine.rows
    return VerifyReport(
        runs=runs,
        entries=rows,
        head=looked.spine.end.spine_link if rows else "",
        damages=tuple(journal),
        signed=min(looked.signed.rows, rows),
    )


def _of_run(head: RunHead, looked: Looked, journal: Sequence[Damage]) -> VerifyReport:
    """Against spine and checkpoints too: that a run's last entries are gone, the run alone can't tell."""
    return VerifyReport(
        runs=1,
        entries=looked.run_entries,
        head=looked.run_link,
        damages=tuple(each for each in journal if each.run == head.run),
        signed=looked.run_signed,
    )
