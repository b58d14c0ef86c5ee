"""Is a bundle whole, signed, and does the record inside hold together? Everything that `verify.sh` finds, and more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256

from msgspec import Struct

from runbook_keys.errors import JournalDamaged
from runbook_keys.evidence.bundle.bag import DECLARATION, KEY, MANIFEST, SIGNATURE, TAGS
from runbook_keys.evidence.bundle.copies import check_copies
from runbook_keys.evidence.bundle.reading import (
    MATERIAL,
    checkpoints_of,
    record_of,
    spine_of,
    start_of,
    stored_of,
)
from runbook_keys.journal.blobs import references
from runbook_keys.journal.checkpoint import read_note
from runbook_keys.journal.checkpoint_check import Verifier, check_checkpoints
from runbook_keys.journal.damages import printable
from runbook_keys.journal.verify import read_run
from runbook_keys.model.entry import SpineRow
from runbook_keys.model.event import AnyEvent, MaterialErased

_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*)\n", re.ASCII)

IsSigned = Callable[[bytes, bytes, bytes], bool]
"""(public key as PEM, content, signature) → is it good."""


class BundleReport(Struct, frozen=True):
    """What was found. `run` and `entries` are what the bundle says it holds; `damages` each name a file or an entry."""

    run: str
    entries: int
    damages: tuple[str, ...]
    notices: tuple[str, ...] = ()


def check_bundle(
    files: Mapping[str, bytes], is_signed: IsSigned, key_ids: Mapping[str, bytes]
) -> BundleReport:
    """Check a bundle's files by path. `key_ids` are the bundle's public keys (PEM) by the id that signatures name."""
    damages = [*_check_signature(files, is_signed), *_check_files(files)]
    if damages:  # a record that is not what was signed would only add noise
        return BundleReport("", 0, tuple(map(printable, damages)))
    try:
        return _check_record(files, _verifier(is_signed, key_ids))
    except (JournalDamaged, KeyError, ValueError) as error:
        what = f"The record inside can't be read: {error}"
        return BundleReport("", 0, (printable(what),))


def _check_signature(files: Mapping[str, bytes], is_signed: IsSigned) -> Iterator[str]:
    for name in (TAGS, SIGNATURE, KEY):
        if name not in files:
            yield f"{name} is missing" + (": this bundle is not signed." if name == SIGNATURE else ".")
    if all(name in files for name in (TAGS, SIGNATURE, KEY)) and not is_signed(
        files[KEY], files[TAGS], files[SIGNATURE]
    ):
        yield f"{TAGS} is not what {KEY} signed: one of the two, or the signature, was changed."


def _check_files(files: Mapping[str, bytes]) -> Iterator[str]:
    listed: dict[str, str] = {}
    for name in (TAGS, MANIFEST):
        for number, line in enumerate(
            files.get(name, b"").decode("utf-8", "replace").splitlines(keepends=True), 1
        ):
            match = _LINE.fullmatch(line)
            if match is None or ".." in match[2].split("/"):
                yield f"Line {number} of {name} is no entry."
            elif match[2] in listed:
                yield f"{match[2]} is listed twice."
            else:
                listed[match[2]] = match[1]
    for path, digest in listed.items():
        if path not in files:
            yield f"{path} is missing."
        elif sha256(files[path]).hexdigest() != digest:
            yield f"{path} was changed."
    for path in sorted(files.keys() - listed.keys() - {TAGS, SIGNATURE}):
        yield f"{path} is not listed: it was added."
    if files.get("bagit.txt", DECLARATION) != DECLARATION:
        yield "bagit.txt is not that of a bag of version 1.0."


def _check_record(files: Mapping[str, bytes], verifier: Verifier) -> BundleReport:
    run_no, before, end = start_of(files)
    spine = spine_of(files["data/spine.txt"], before)
    stored = stored_of(files["data/entries.jsonl"], [row for row in spine if row.run_no == run_no])
    found, events = read_run(stored)
    damages = [f"Entry {each.seq}: {each.what}" for each in found]
    if not stored or stored[-1].link != end:
        damages.append("The run does not end with the link that data/start.txt names.")
    signed = _signed(files, spine, before, verifier)
    damages += [*signed.damages, *_check_material(files, events)]
    if not damages:  # copies of what was changed differ as well
        damages += check_copies(files, record_of(files))
    run = stored[0].run if stored else ""
    return BundleReport(run, len(stored), tuple(map(printable, damages)), signed.notices)


class _Signed(Struct, frozen=True):
    damages: tuple[str, ...]
    notices: tuple[str, ...]


def _signed(files: Mapping[str, bytes], spine: Sequence[SpineRow], start: str, verifier: Verifier) -> _Signed:
    """The checkpoints against the spine, whose row before the first is what the bundle begins after."""
    checkpoints = checkpoints_of(files)
    base = SpineRow(spine[0].gseq - 1, 0, 0, "", start)
    found = check_checkpoints(checkpoints, [base, *spine], verifier, is_part=True)
    damages = [each.what for each in found.damages]
    damages += [f"A key is missing. {each}" for each in found.notices if "not known here" in each]
    sizes = {each.gseq for each in checkpoints if read_note(each.note).signatures}
    is_begun = base.gseq in sizes or (base.gseq == 0 and start == 64 * "0")
    if not is_begun:
        damages.append("No signed checkpoint says what stood before the spine of this bundle.")
    if spine[-1].gseq not in sizes:
        damages.append("No signed checkpoint covers the end of the run.")
    return _Signed(tuple(damages), found.notices)


def _check_material(files: Mapping[str, bytes], events: Sequence[tuple[int, AnyEvent]]) -> Iterator[str]:
    told = {digest: seq for seq, event in events for digest in references(event)}
    erased = {
        digest: seq for seq, event in events if isinstance(event, MaterialErased) for digest in event.digests
    }
    kept = {path.removeprefix(MATERIAL): files[path] for path in files if path.startswith(MATERIAL)}
    for digest, content in kept.items():
        if sha256(content).hexdigest() != digest:
            yield f"data/material/{digest} is not what its name says."
        if digest not in told:
            yield f"No entry speaks of data/material/{digest}."
    for digest, seq in told.items():
        if digest not in kept and erased.get(digest, 0) <= seq:
            yield f"Entry {seq}: its material {digest} is not here, and no later entry says that it was erased."


def _verifier(is_signed: IsSigned, key_ids: Mapping[str, bytes]) -> Verifier:
    def verified(key_id: str, content: bytes, value: bytes) -> bool | None:
        pem = key_ids.get(key_id)
        return None if pem is None else is_signed(pem, content, value)

    return verified
