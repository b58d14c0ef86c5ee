"""The tables of a bundle as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from runbook_keys.evidence.bundle.material import Piece
from runbook_keys.evidence.bundle.source import RunRecord
from runbook_keys.evidence.csv_table import table
from runbook_keys.evidence.words import words_of
from runbook_keys.journal.lines import instant
from runbook_keys.model import event as e
from runbook_keys.model.entry import Entry

_MASKED = re.compile(rb"\[secret ([A-Za-z_][A-Za-z0-9_]*)\]")


def timeline(record: RunRecord) -> bytes:
    """One row per entry: number, instant, who, what, in words."""
    rows = (
        (entry.seq, instant(entry.at), entry.actor.kind, entry.actor.name, type(entry.event).__name__, words)
        for entry, words in ((entry, words_of(entry.event)) for entry in record.entries)
    )
    return table(("entry", "at", "kind of actor", "actor", "event", "words"), rows)


def approvals(record: RunRecord) -> bytes:
    """One row per approval: who said yes to what, when and why, and which start used it."""
    rows = [
        (
            entry.seq,
            instant(entry.at),
            entry.actor.name,
            entry.event.step,
            entry.event.role,
            entry.event.attempt,
            entry.event.reason,
            entry.event.expires_at,
            entry.event.binding,
            _used_by(record.entries, entry.event),
        )
        for entry in record.entries
        if isinstance(entry.event, e.ApprovalGranted)
    ]
    head = (
        "entry",
        "at",
        "who",
        "step",
        "block",
        "attempt",
        "reason",
        "expires at",
        "binding",
        "used by entry",
    )
    return table(head, rows)


def material(pieces: Iterable[Piece]) -> bytes:
    """One row per piece of material: which entry speaks of it, what it is, whether it is here, where to read it."""
    rows = (
        (
            piece.seq,
            piece.what,
            piece.state,
            piece.digest,
            " ".join(piece.files),
        )
        for piece in pieces
    )
    return table(("entry", "what", "state", "digest", "files"), rows)


def redactions(pieces: Iterable[Piece]) -> list[tuple[int, str, str]]:
    """(entry, file, what) for every place where a secret was masked before it reached the journal."""
    found = []
    for piece in pieces:
        for path, content in piece.files.items():
            names = _MASKED.findall(content)
            found += [
                (piece.seq, path, f"secret {name.decode()}, {names.count(name)} times")
                for name in sorted(set(names))
            ]
    return found


def redaction_table(pieces: Sequence[Piece], entries: Iterable[Entry]) -> bytes:
    """What is not here although the run had it: masked secrets and erased material."""
    masked = [(seq, "masked", path, what) for seq, path, what in redactions(pieces)]
    erased = [(piece.seq, "erased", piece.digest, piece.what) for piece in pieces if piece.is_erased]
    because = [
        (entry.seq, "erasure", instant(entry.at), f"{entry.actor.name}: {words_of(entry.event)}")
        for entry in entries
        if isinstance(entry.event, e.MaterialErased)
    ]
    return table(("entry", "kind", "where", "what"), sorted([*masked, *erased, *because]))


def _used_by(entries: Iterable[Entry], granted: e.ApprovalGranted) -> str:
    for entry in entries:
        match entry.event:
            case e.AttemptStarted(binding=binding) if binding and binding == granted.binding:
                return f"{entry.seq}"
    return "not used"
