"""The evidence bundle of a run, and the check of a bundle that somebody hands in."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.errors import JournalDamaged, KeysError, SigningUnavailable
from runbook_keys.evidence.bundle.bag import KEY, SIGNATURE, TAGS, zipped
from runbook_keys.evidence.bundle.check import BundleReport, check_bundle
from runbook_keys.evidence.bundle.contents import Guides
from runbook_keys.evidence.bundle.source import RunRecord, Segment, last_said, segment_of
from runbook_keys.evidence.printed_page import printed
from runbook_keys.journal.blobs import references
from runbook_keys.journal.checkpoint import read_note
from runbook_keys.journal.lines import read
from runbook_keys.model.entry import Blob, RunHead, StoredEntry
from runbook_keys.operations.record.anchored import stamps_in, tokens_here
from runbook_keys.operations.recorded import find_run, looked_at
from runbook_keys.operations.reports.remade import made_of, with_tables_checked
from runbook_keys.operations.services import Services
from runbook_keys.ports import Signature

_GUIDES = Path(__file__).with_name("bundle")
_MOST_BYTES = 4 << 30
NOT_KNOWN = (
    "The key in the bundle is not one of this machine's. Compare its fingerprint with what its owner told you, "
    "or give that by --key."
)

REPACKED = (
    "The zip is not byte for byte as KEYS packs it, so another program may unpack other files than those that were "
    "checked here. Unpack it, then check the folder."
)


class Exported(Struct, frozen=True):
    """A bundle: its folder's name, its files by path, the same as a zip, the name of the key that signed it, its record."""

    name: str
    files: Mapping[str, bytes]
    zip: bytes
    key: str
    record: RunRecord

    @property
    def digest(self) -> str:
        """The SHA-256 of the tag manifest (hex), which names everything in the bundle."""
        return sha256(self.files[TAGS]).hexdigest()


async def export(services: Services, run: str) -> Exported:
    """The bundle of a run; the same bytes each time, as long as the run does not go on.

    It ends where a signed checkpoint covers all that the run says, and a run without one gets it first; readings of the record
    after that are left out. Raises RunNotFound, JournalDamaged (a changed record is not exported as evidence),
    SigningUnavailable.
    """
    head = await find_run(services, run)
    record = await _record(services, head)
    key, pem = _signing_key(services)
    files = made_of(record, pem, _guides(), services.cache)
    files[SIGNATURE] = services.signer.sign(files[TAGS]).value
    # Our signature must stand under nothing that our own check refuses: a journal rewritten with all its links looks whole.
    if damages := check_bundle(files, services.signer.is_signed, public_keys_of(files)).damages:
        raise _not_exported(head.run, f": {damages[0]}")
    name = f"keys-{head.run}"
    return Exported(name, files, zipped(name, files, record.entries[-1].at), key.key, record)


def paper_of(services: Services, made: Exported) -> bytes:
    """The bundle's report as PDF. Raises PrintingUnavailable."""
    record, page = made.record, made.files["data/report.html"]
    right = f"Made from the bundle {made.digest[:16]}"
    paper = printed(page, record.entries[-1].at.date(), f"Record of run {record.head.run}", right)
    return services.printer.pdf(paper, {})


class BundleCheck(Struct, frozen=True):
    """What was found in a bundle, and the name of the key in it (empty where there is none that can be read)."""

    report: BundleReport
    key: str
    notices: tuple[str, ...] = ()


def check_files(services: Services, files: Mapping[str, bytes], expected_key: str = "") -> BundleCheck:
    """What is wrong with a bundle. `expected_key` is the name of the key as its owner told it."""
    found = check_bundle(files, services.signer.is_signed, public_keys_of(files))
    found = with_tables_checked(services, files, found)
    key = _name_of_key(services, files)
    if expected_key and expected_key.lower() != key:
        other = f"{KEY} is another key: its fingerprint is {key or 'not to be read'}."
        found = replace(found, damages=(*found.damages, other))
    stamped = stamps_in(services, files)
    wrong = (each.what for each in stamped.damages)
    found = replace(
        found, damages=(*found.damages, *wrong), notices=(*found.notices, *stamped.notices, *stamped.fits)
    )
    if expected_key or key in services.signer.public_keys():
        return BundleCheck(found, key)
    return BundleCheck(found, key, (NOT_KNOWN,))


def public_keys_of(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The public keys (PEM) in a bundle by the id that signatures name."""
    folder = "data/public-keys/"
    return {path[len(folder) : -4]: files[path] for path in files if path.startswith(folder)}


def _name_of_key(services: Services, files: Mapping[str, bytes]) -> str:
    try:
        return services.signer.name_of(files[KEY]) if KEY in files else ""
    except ValueError:
        return ""


def read_bundle(path: Path) -> dict[str, bytes]:
    """A bundle's files by path, from its folder or its zip. Raises KeysError in an operator's words."""
    try:
        return _from_folder(path) if path.is_dir() else _from_zip(path)
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise KeysError(f"{path} can't be read as a bundle: {error}. Give its folder or its zip.") from error


def packing_notice(path: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """What to say of a zip that holds more than these files as KEYS packs them: another program may unpack other ones."""
    if path.is_dir():
        return ()
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
    packed = zipped(first.filename.partition("/")[0], files, datetime(*first.date_time, tzinfo=UTC))
    return () if path.read_bytes() == packed else (REPACKED,)


async def _record(services: Services, head: RunHead) -> RunRecord:
    tokens = await tokens_here(services)
    segment = await _segment(services, head, tokens)
    stamps = {each.no: tokens[each.no] for each in segment.checkpoints if each.no in tokens}
    stored = (await _whole(services, head))[: segment.last_seq]
    entries = [read(each) for each in stored]
    blobs: dict[str, Blob] = {}
    erased = set()
    for digest in dict.fromkeys(each for entry in entries for each in references(entry.event)):
        blob = await services.store.sealed(digest)
        if blob is None:
            erased.add(digest)
        else:
            blobs[digest] = blob
    known = services.signer.public_keys()
    used = {key for each in segment.checkpoints for key, _ in read_note(each.note).signatures}
    keys = {name: pem for name, pem in known.items() if name[:8] in used}
    end = RunHead(head.run, head.run_no, stored[-1].seq, stored[-1].link)
    return RunRecord(
        end, stored, entries, segment.spine, segment.checkpoints, blobs, frozenset(erased), keys, stamps
    )


async def _whole(services: Services, head: RunHead) -> list[StoredEntry]:
    """The run's entries. Raises JournalDamaged where somebody changed them."""
    stored, damages = await looked_at(services, head)
    if damages:
        raise _not_exported(head.run, f" at entry {damages[0].seq}: {damages[0].what}")
    return stored


def _not_exported(run: str, where: str) -> JournalDamaged:
    return JournalDamaged(
        f"The record of run {run} was changed{where} It is not exported. `keys verify {run}` shows all of it."
    )


async def _segment(services: Services, head: RunHead, stamped: Collection[int]) -> Segment:
    last_seq = last_said([read(each) for each in await _whole(services, head)])
    segment = await _covered(services, head, last_seq, stamped)
    if segment is None:
        made = await services.store.checkpoint(services.clock.now(), "export")
        segment = await _covered(services, head, last_seq, stamped)
    if segment is None:
        why = read_note(made.note).unsigned if made else ""
        raise SigningUnavailable(
            f"Run {head.run} can't be exported, because its record can't be signed. {why}"
        )
    return segment


async def _covered(
    services: Services, head: RunHead, last_seq: int, stamped: Collection[int]
) -> Segment | None:
    """Checkpoints first, then the spine, so that another process can't have signed what the spine does not show yet."""
    checkpoints = await services.store.checkpoints()
    return segment_of(head.run_no, last_seq, await services.store.spine(), checkpoints, stamped)


def _signing_key(services: Services) -> tuple[Signature, bytes]:
    key = services.signer.sign(b"")
    return key, services.signer.public_keys()[key.key]


def _guides() -> Guides:
    return Guides((_GUIDES / "VERIFY.md").read_bytes(), (_GUIDES / "verify.sh").read_bytes())


def _from_folder(folder: Path) -> dict[str, bytes]:
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise KeysError(
                f"{name!a} is no plain file. A bundle holds plain files only; this one was changed."
            )
        if path.is_file():
            found[name] = path.read_bytes()
    return found


def _from_zip(path: Path) -> dict[str, bytes]:
    """The files of the zip's one folder. Nothing is unpacked to disk."""
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if sum(info.file_size for info in infos) > _MOST_BYTES:
            raise KeysError(f"{path} would be larger than 4 GiB. Unpack it yourself, then give its folder.")
        names = [info.filename.partition("/")[2] for info in infos]
        if len({info.filename.partition("/")[0] for info in infos}) != 1 or "" in names:
            raise KeysError(f"{path} does not hold one folder, so it is not a bundle as KEYS makes it.")
        if len(set(names)) != len(names):
            raise KeysError(f"{path} holds a file twice, so it was changed.")
        return {name: archive.read(info) for name, info in zip(names, infos, strict=True)}
