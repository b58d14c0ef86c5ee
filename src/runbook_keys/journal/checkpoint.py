"""Checkpoints: a signed note over the head of the spine, so that whoever rewrites the journal needs the key too.

The text is a C2SP checkpoint (c2sp.org/tlog-checkpoint): the journal's name, how many rows the spine has, the chain
value after the last of them; then lines of ours, which other readers may ignore. The signature is a C2SP signed note's.
Each checkpoint holds the digest of the one before, so that none of them can be taken out.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct

from runbook_keys.errors import JournalDamaged
from runbook_keys.journal.chain import GENESIS
from runbook_keys.journal.damages import printable
from runbook_keys.journal.lines import instant
from runbook_keys.model.entry import Checkpoint, SpineRow
from runbook_keys.model.event import AnyEvent, ApprovalGranted, AttemptStarted, RunEnded, RunOpened
from runbook_keys.model.runbook import SafetyClass

KEY_NAME = "runbook-keys"
MOST_ENTRIES = 100
"""After so many entries there is a checkpoint in any case."""

LONGEST = timedelta(minutes=15)
"""An append later than this after the last checkpoint makes one."""

_DASH = "\u2014"
_KEY_ID_BYTES = (
    4  # C2SP: the first bytes of the SHA-256 over the public key (DER), for signatures of type ECDSA
)
_EXTENSIONS = ("no", "before", "at", "why", "unsigned", "next-key", "known")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


class Note(Struct, frozen=True):
    """A checkpoint, read. `link` and `before` are hex; `at` is RFC 3339; `unsigned` says why it has no signature.

    `before` is the SHA-256 of the whole note before it (64 zeros for the first one). `next_key` announces the key that
    will sign from now on. `known` are the marks of damage that somebody declared (journal/declared.py).
    `signatures` are (key id in hex, DER) over `body`.
    """

    body: bytes
    origin: str
    gseq: int
    link: str
    no: int
    before: str
    at: str
    why: str
    unsigned: str
    next_key: str
    known: frozenset[str]
    signatures: tuple[tuple[str, bytes], ...]


def why_due(events: Iterable[AnyEvent], rows: int, passed: timedelta) -> str:
    """Why a checkpoint belongs to an append of `events`; empty where none does.

    `rows` stand on the spine since the last checkpoint, these events included; `passed` is the time since it.
    """
    for event in events:
        if reason := reason_of(event):
            return reason
    if rows >= MOST_ENTRIES:
        return f"{MOST_ENTRIES} entries"
    return "15 minutes" if passed >= LONGEST else ""


def reason_of(event: AnyEvent) -> str:
    """Why an append of this event comes with a checkpoint; empty where it need not."""
    match event:
        case RunOpened():
            return "run opened"
        case ApprovalGranted():
            return "approval"
        case AttemptStarted(safety=SafetyClass.IRREVERSIBLE):
            return "before an irreversible start"
        case RunEnded():
            return "run ended"
        case _:
            return ""


def origin_of(first: SpineRow) -> str:
    """The journal's name: its first spine row is its own, since run names are random."""
    return f"{KEY_NAME}/{first.spine_link[:16]}"


def body_of(
    origin: str,
    end: SpineRow,
    no: int,
    before: Checkpoint | None,
    at: datetime,
    why: str,
    more: Mapping[str, str],
) -> bytes:
    """The text that is signed. `more` are further lines of ours by name (`unsigned`, `next-key`, `known`)."""
    lines = {
        "no": f"{no}",
        "before": digest_of(before),
        "at": instant(at),
        "why": why,
        **{name: text for name, text in more.items() if text},
    }
    head = [origin, f"{end.gseq}", b64encode(bytes.fromhex(end.spine_link)).decode("ascii")]
    extensions = [f"{name} {' '.join(printable(text).split())}" for name, text in lines.items()]
    return "".join(f"{line}\n" for line in (*head, *extensions)).encode("ascii")


def note_of(body: bytes, key: str = "", signature: bytes = b"") -> bytes:
    """The whole note: the text, an empty line, the signature by the key of this name (hex) if there is one."""
    if not key:
        return body + b"\n"
    signed = bytes.fromhex(key)[:_KEY_ID_BYTES] + signature
    return body + f"\n{_DASH} {KEY_NAME} {b64encode(signed).decode('ascii')}\n".encode()


def digest_of(checkpoint: Checkpoint | None) -> str:
    """What the next checkpoint holds of this one."""
    return sha256(checkpoint.note).hexdigest() if checkpoint else GENESIS


def read_note(content: bytes) -> Note:
    """Read a note, strictly. Raises JournalDamaged for anything that `note_of` would not have written."""
    body, separator, signed = content.rpartition(b"\n\n")
    try:
        lines = (body + b"\n").decode("ascii").splitlines()
        origin, size, link, *rest = lines
        extensions = dict(line.split(" ", 1) for line in rest)
        note = Note(
            body=body + b"\n",
            origin=origin,
            gseq=_number(size),
            link=b64decode(link, validate=True).hex(),
            no=_number(extensions["no"]),
            before=extensions["before"],
            at=extensions["at"],
            why=extensions["why"],
            unsigned=extensions.get("unsigned", ""),
            next_key=extensions.get("next-key", ""),
            known=frozenset(extensions.get("known", "").split()),
            signatures=tuple(_signature(line) for line in signed.decode("utf-8").splitlines()),
        )
    except (ValueError, KeyError, binascii.Error) as error:
        raise JournalDamaged("This is not a checkpoint.") from error
    if not separator or set(extensions) - set(_EXTENSIONS) or len(extensions) != len(rest):
        raise JournalDamaged("This is not a checkpoint.")
    return note


def is_signed(note: bytes) -> bool:
    """Whether anything stands where the signature belongs, good or not."""
    return not note.endswith(b"\n\n")


def read_notes(content: bytes) -> list[Note]:
    """All notes of a file that holds them one after the other. Raises JournalDamaged."""
    ends = [match.end() for match in re.finditer(rb"\n\n(?:\xe2\x80\x94 [^\n]*\n)*", content)]
    starts = [0, *ends]
    notes = [read_note(content[start:end]) for start, end in zip(starts, ends, strict=False)]
    if not notes or starts[-1] != len(content):
        raise JournalDamaged("This file holds no whole checkpoint.")
    return notes


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _signature(line: str) -> tuple[str, bytes]:
    dash, name, signed = line.split(" ")
    if (dash, name) != (_DASH, KEY_NAME):
        raise ValueError(line)
    content = b64decode(signed, validate=True)
    return content[:_KEY_ID_BYTES].hex(), content[_KEY_ID_BYTES:]
