"""Is the journal whole, and signed? Runs nothing, and writes nothing into the journal; where it does not verify, an alarm begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.errors import RunNotFound
from runbook_keys.journal.anchor_check import Held, joined
from runbook_keys.journal.checkpoint import read_notes
from runbook_keys.journal.checkpoint_check import (
    Signed,
    Verifier,
    check_checkpoints,
    check_kept,
)
from runbook_keys.journal.checkpoint_due import DueCheckpoints
from runbook_keys.journal.damages import WHOLE, damage
from runbook_keys.journal.declared import undeclared
from runbook_keys.journal.lines import instant
from runbook_keys.journal.receipt import check_receipt
from runbook_keys.journal.whole import Contents, verify_journal
from runbook_keys.model.entry import Alarm, Damage, RunHead, StoredEntry, Strange
from runbook_keys.operations.anchored import against_anchors
from runbook_keys.operations.recorded import find_run
from runbook_keys.operations.services import Services
from runbook_keys.operations.signatures import verifier_of
from runbook_keys.ports import JournalStore

NO_CHECKPOINTS = "There is a signing key, and no checkpoint: somebody removed them."


class VerifyReport(Struct, frozen=True):
    """What was looked at, the chain value at its end (empty where nothing is), and everything that does not verify.

    `notices` are no damage but worth knowing. `signed` of the entries are covered by a good signature, the last of
    which is `checkpoint`; `keys` are the names of the keys that are known here. `anchored` says what fits that is kept
    elsewhere, receipts too, and `lags` what is not there yet. `alarm` stands since this look or an earlier one.
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
    alarm: Alarm | None = None


Telling = Callable[[str, int, int], None]
"""Hears what is being done, and how many entries of how many are."""


def _nobody(_doing: str, _done: int, _of: int) -> None:
    """Nobody listens."""


async def verify(
    services: Services,
    run: str = "",
    kept: bytes = b"",
    receipts: Sequence[str] = (),
    tell: Telling = _nobody,
) -> VerifyReport:
    """Verify one run, or the whole journal when `run` is empty; also against what its anchors keep.

    `kept` are checkpoints that were kept elsewhere: they find what was cut off, put back or signed anew. `receipts` are
    those of approvers. Raises RunNotFound; JournalDamaged where `kept` is no checkpoint; RefusedInput where a receipt is
    none; SigningUnavailable.
    """
    contents = await gathered(services.store, tell)
    known = services.signer.public_keys()
    verifier = verifier_of(services.signer, known)
    signed = check_checkpoints(contents.checkpoints, contents.spine, verifier)
    elsewhere = await _elsewhere(services, contents, verifier, kept, signed.known)
    journal = undeclared((*_checked(contents, tell), *_bare(contents, bool(known))), signed.known)
    # A receipt that somebody mistyped is no damage to the journal, and neither is another journal's checkpoint.
    if found := [each for each in (*journal, *signed.damages, *elsewhere.damages) if not each.is_foreign]:
        services.store.sound_alarm(Alarm(instant(services.clock.now()), found[0].what))
    told = joined((elsewhere, *(check_receipt(each, contents.entries) for each in receipts)))
    signed = replace(
        signed,
        damages=(*signed.damages, *told.damages),
        notices=(*signed.notices, *_begins_late(contents), *_unguarded(contents.strange), *told.notices),
    )
    report = (
        await _of_run(services, run, contents, journal, signed) if run else _of_all(contents, journal, signed)
    )
    return replace(
        report, keys=tuple(known), anchored=told.fits, lags=told.lags, alarm=services.store.alarm()
    )


def _unguarded(strange: Strange) -> Sequence[str]:
    """What is said where triggers of ours are gone: no damage, and a trace of somebody who wrote past KEYS."""
    if not strange.unguarded:
        return ()
    names = ", ".join(strange.unguarded)
    return (
        f"Somebody has opened this file with another program. What refuses changes in it is gone: {names}.",
    )


async def _elsewhere(
    services: Services, contents: Contents, verifier: Verifier, kept: bytes, known: frozenset[str]
) -> Held:
    """What is kept elsewhere against the journal, without what the journal itself declares."""
    given = check_kept(read_notes(kept), contents.spine, verifier, known) if kept else None
    held = joined(
        (
            Held(given.damages, given.notices) if given else Held(),
            await against_anchors(services, contents, verifier, known),
        )
    )
    return replace(held, damages=undeclared(held.damages, known))


def _bare(contents: Contents, has_key: bool) -> Iterator[Damage]:
    """The first entry that is written with a key comes with a checkpoint, in one transaction."""
    if has_key and contents.spine and not contents.checkpoints:
        yield damage("", WHOLE, NO_CHECKPOINTS)


def _begins_late(contents: Contents) -> Iterator[str]:
    first = contents.heads[0] if contents.heads else None
    if first is None:
        return
    rows = [row for row in contents.spine if row.run_no == first.run_no]
    stored = contents.entries[first.run]
    if late := DueCheckpoints(contents.checkpoints).begins_late(stored, rows):
        yield (
            f"{late} entries are older than the first checkpoint, which covers them all the same. An older KEYS wrote them, "
            "or somebody removed their checkpoints before this one was made."
        )


def _of_all(contents: Contents, journal: Sequence[Damage], signed: Signed) -> VerifyReport:
    rows = contents.spine
    return VerifyReport(
        runs=len(contents.heads),
        entries=len(rows),
        head=rows[-1].spine_link if rows else "",
        damages=(*journal, *signed.damages),
        notices=signed.notices,
        signed=min(signed.rows, len(rows)),
        checkpoint=signed.last_no,
    )


def _checked(contents: Contents, tell: Telling) -> list[Damage]:
    done, total = 0, len(contents.spine)

    def looked_at(entries: int) -> None:
        nonlocal done
        done += entries
        tell("checking", done, total)

    return verify_journal(contents, looked_at)


async def gathered(store: JournalStore, tell: Telling = _nobody) -> Contents:
    """The whole journal as its store gives it, all of one moment: what is appended meanwhile is no damage."""
    with store.snapshot():
        heads = await store.runs()
        return Contents(
            heads=heads,
            entries=await _all_entries(store, heads, tell),
            spine=await store.spine(),
            blobs=await store.blobs(),
            erased=await store.erased(),
            checkpoints=await store.checkpoints(),
            strange=await store.strange(),
        )


async def _all_entries(
    store: JournalStore, heads: Sequence[RunHead], tell: Telling
) -> dict[str, list[StoredEntry]]:
    found: dict[str, list[StoredEntry]] = {}
    done, total = 0, sum(head.seq for head in heads)
    for head in heads:
        found[head.run] = await _entries(store, head.run)
        done += len(found[head.run])
        tell("reading", done, total)
    return found


async def _entries(store: JournalStore, run: str) -> list[StoredEntry]:
    """None under a name that no run can have: what the spine tells of it is missing then."""
    try:
        return await store.entries(run)
    except RunNotFound:
        return []


async def _of_run(
    services: Services, run: str, contents: Contents, journal: Sequence[Damage], signed: Signed
) -> VerifyReport:
    head = await find_run(services, run)
    stored = contents.entries[head.run]
    covered = [row for row in contents.spine if row.run_no == head.run_no and row.gseq <= signed.rows]
    return VerifyReport(
        runs=1,
        entries=len(stored),
        head=stored[-1].link if stored else "",
        # Against spine and checkpoints too: that a run's last entries are gone, the run alone can't tell.
        damages=(*(each for each in journal if each.run == head.run), *signed.damages),
        notices=signed.notices,
        signed=len(covered),
        checkpoint=signed.last_no,
    )
