"""The statement that lies beside a bundle: made and signed, and checked against the bundle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace

from runbook_keys.errors import KeysError
from runbook_keys.evidence.bundle.attestation import (
    Statement,
    envelope,
    pre_authentication,
    read_envelope,
    read_statement,
    statement,
)
from runbook_keys.evidence.bundle.bag import KEY, TAGS
from runbook_keys.evidence.bundle.check import BundleReport
from runbook_keys.operations.reports.export import (
    BundleCheck,
    Exported,
    check_files,
    packing_notice,
    read_bundle,
)
from runbook_keys.operations.services import Services

ENDING = ".intoto.jsonl"
_MOST_BYTES = 16 << 20


def attest(services: Services, made: Exported) -> bytes:
    """The envelope about a bundle, signed with this machine's key. Raises SigningUnavailable."""
    subjects = {f"{made.name}.zip": sha256(made.zip).hexdigest(), f"{made.name}/{TAGS}": made.digest}
    payload = statement(made.record, subjects, made.key)
    signed = services.signer.sign(pre_authentication(payload))
    return envelope(payload, signed.key, signed.value)


def check_handed_in(services: Services, path: Path, expected_key: str = "") -> BundleCheck:
    """What is wrong with a bundle, or with an envelope and the zip beside it. Raises KeysError in an operator's words."""
    if not path.name.endswith(ENDING):
        files = read_bundle(path)
        found = check_files(services, files, expected_key)
        return replace(found, notices=(*found.notices, *packing_notice(path, files)))
    payload, signatures, told = _read(path)
    archive = path.parent / told.subject[0].name
    files = read_bundle(archive)
    found = check_files(services, files, expected_key)
    signing = files.get(KEY, b"")
    damages = [*found.report.damages, *_differences(told, archive, files, found.report)]
    is_signed = any(
        keyid == found.key and services.signer.is_signed(signing, pre_authentication(payload), value)
        for keyid, value in signatures
    )
    if not found.key or not is_signed:
        damages.append(f"{path.name} is not signed by the bundle's {KEY}: it, or its signature, was changed.")
    return replace(found, report=replace(found.report, damages=tuple(damages)))


def _read(path: Path) -> tuple[bytes, list[tuple[str, bytes]], Statement]:
    try:
        with path.open("rb") as file:
            payload, signatures = read_envelope(file.read(_MOST_BYTES))
        told = read_statement(payload)
        names = [each.name for each in told.subject]
        if len(names) != 2 or not names[0].endswith(".zip") or Path(names[0]).name != names[0]:
            raise ValueError("it does not speak of a zip beside it and the list of its files")
    except (OSError, ValueError) as error:
        raise KeysError(f"{path} can't be read as an envelope: {error}. Ask for it again.") from error
    return payload, list(signatures), told


def _differences(
    told: Statement, archive: Path, files: Mapping[str, bytes], report: BundleReport
) -> Iterator[str]:
    contents = (archive.read_bytes(), files.get(TAGS, b""))
    for subject, content in zip(told.subject, contents, strict=True):
        if subject.digest.get("sha256") != sha256(content).hexdigest():
            yield f"{subject.name} is not the one that the statement speaks of."
    if report.run and (told.predicate.run, told.predicate.entries) != (report.run, report.entries):
        yield f"The statement is about {told.predicate.run}, with {told.predicate.entries} entries."
