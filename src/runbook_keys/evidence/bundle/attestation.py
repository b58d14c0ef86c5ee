"""What a bundle is, for machines: an in-toto Statement (v1) about one run, in a DSSE envelope.

The page docs/reference/run-statement.md describes the predicate field by field.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from runbook_keys.evidence.bundle.source import RunRecord
from runbook_keys.evidence.summary import summary_of
from runbook_keys.journal.lines import instant
from runbook_keys.model import event as e
from runbook_keys.model.entry import Entry
from runbook_keys.model.runbook import StepKind

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:runbook-keys:run:v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


class Subject(Struct, frozen=True):
    """A file by its name and its digests (hex) by algorithm."""

    name: str
    digest: dict[str, str]


class FollowedText(Struct, frozen=True):
    """The runbook that was followed; the digest is over its exact text."""

    slug: str
    version: str
    digest: dict[str, str]


class Approval(Struct, frozen=True):
    """Who said yes to which block, by the number of the entry."""

    entry: int
    at: str
    by: str
    step: str
    block: str
    attempt: int


class Verification(Struct, frozen=True):
    """The way out that was taken of a verification step: what was seen, and where it led."""

    entry: int
    at: str
    step: str
    words: str
    target: str


class Predicate(Struct, frozen=True, rename="camel"):
    """What is said of the run. Moments are RFC 3339 in UTC; `ended` and `ending` are null while it can be resumed.

    `head` is the chain value after its last entry in the bundle, `key` the name of the key that signed.
    """

    run: str
    run_number: int
    incident: str
    kind: str
    runbook: FollowedText
    opened: str
    opened_by: str
    ended: str | None
    ending: str | None
    entries: int
    head: str
    approvals: tuple[Approval, ...]
    verification: tuple[Verification, ...]
    key: str


class Statement(Struct, frozen=True):
    """An in-toto Statement: the predicate holds for the subjects."""

    type_: str = msgspec.field(name="_type")
    subject: tuple[Subject, ...]
    predicate_type: str = msgspec.field(name="predicateType")
    predicate: Predicate


class EnvelopeSignature(Struct, frozen=True):
    """Which key signed, and the signature in base64."""

    keyid: str
    sig: str


class Envelope(Struct, frozen=True, rename="camel"):
    """A DSSE envelope; the payload is in base64."""

    payload: str
    payload_type: str
    signatures: tuple[EnvelopeSignature, ...]


def statement(record: RunRecord, subjects: Mapping[str, str], key: str) -> bytes:
    """The statement as JSON, the same bytes each time. `subjects` maps file names to their SHA-256 (hex)."""
    found = tuple(Subject(name, {"sha256": digest}) for name, digest in subjects.items())
    made = Statement(
        type_=STATEMENT_TYPE,
        subject=found,
        predicate_type=PREDICATE_TYPE,
        predicate=_predicate(record, key),
    )
    return msgspec.json.encode(made, order="sorted")


def pre_authentication(payload: bytes) -> bytes:
    """What is signed (PAE of DSSE v1): type and payload with their lengths, so that neither can pass for the other."""
    kind = PAYLOAD_TYPE.encode("ascii")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def envelope(payload: bytes, key: str, signature: bytes) -> bytes:
    """One line of JSON."""
    signed = EnvelopeSignature(key, base64.b64encode(signature).decode("ascii"))
    made = Envelope(base64.b64encode(payload).decode("ascii"), PAYLOAD_TYPE, (signed,))
    return msgspec.json.encode(made, order="sorted") + b"\n"


def read_envelope(content: bytes) -> tuple[bytes, Sequence[tuple[str, bytes]]]:
    """The payload and its signatures, each with the name of its key. Raises ValueError for anything else."""
    try:
        found = msgspec.json.decode(content, type=Envelope)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"it is no DSSE envelope: {error}") from error
    if found.payload_type != PAYLOAD_TYPE:
        raise ValueError(f"it holds {found.payload_type!a} and no in-toto Statement")
    signatures = [(each.keyid, base64.b64decode(each.sig, validate=True)) for each in found.signatures]
    return base64.b64decode(found.payload, validate=True), signatures


def read_statement(payload: bytes) -> Statement:
    """The statement. Raises ValueError where it is none about a run."""
    try:
        found = msgspec.json.decode(payload, type=Statement)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"it holds no statement about a run: {error}") from error
    if (found.type_, found.predicate_type) != (STATEMENT_TYPE, PREDICATE_TYPE):
        raise ValueError(f"its statement is of another type: {found.predicate_type!a}")
    return found


def _predicate(record: RunRecord, key: str) -> Predicate:
    summary = summary_of(record.entries)
    opened = record.entries[0].event
    text, kind = (opened.pack_digest, opened.kind) if isinstance(opened, e.RunOpened) else ("", "")
    return Predicate(
        run=record.head.run,
        run_number=record.head.run_no,
        incident=summary.incident,
        kind=kind,
        runbook=FollowedText(summary.slug, summary.version, {"sha256": text}),
        opened=instant(summary.opened_at),
        opened_by=record.entries[0].actor.name,
        ended=instant(summary.ended_at) if summary.ended_at else None,
        ending=summary.ending,
        entries=len(record.entries),
        head=record.head.link,
        approvals=tuple(found for each in record.entries for found in _approval(each)),
        verification=tuple(found for each in record.entries for found in _verification(each)),
        key=key,
    )


def _approval(entry: Entry) -> Sequence[Approval]:
    match entry.event:
        case e.ApprovalGranted(step=step, role=role, attempt=attempt):
            return [Approval(entry.seq, instant(entry.at), entry.actor.name, step, role, attempt)]
        case _:
            return []


def _verification(entry: Entry) -> Sequence[Verification]:
    match entry.event:
        case e.BranchTaken(step=step) as taken if step.startswith(StepKind.VERIFICATION):
            return [Verification(entry.seq, instant(entry.at), step, taken.words, str(taken.target))]
        case _:
            return []
