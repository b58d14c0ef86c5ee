"""The material of a run: where each piece stands in the bundle, for proof and for reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from runbook_keys.evidence.bundle.names import numbered, safe_name, safe_path
from runbook_keys.evidence.bundle.source import RunRecord
from runbook_keys.journal.blobs import references
from runbook_keys.model import event as e
from runbook_keys.model.entry import Entry
from runbook_keys.model.outcome import Observation

Files = dict[str, bytes]


class Piece(Struct, frozen=True):
    """One piece of material: the entry that speaks of it, what it is, its digest, its readable copies by path.

    `state` is `here`, `erased` or `missing`. An output that showed nothing is here and has no files.
    """

    seq: int
    what: str
    digest: str
    state: str
    files: Mapping[str, bytes]

    @property
    def is_erased(self) -> bool:
        """True where only its digest is left."""
        return self.state == "erased"


def pieces_of(record: RunRecord) -> list[Piece]:
    """Every piece of material that the run's entries speak of, in their order."""
    return [piece for entry in record.entries for piece in _of_entry(record, entry)]


def proofs(pieces: Iterable[Piece], record: RunRecord) -> Files:
    """Salt and content of each piece in a file named by its digest: `sha256sum` alone shows that it is the right one."""
    found = {}
    for piece in pieces:
        blob = record.blobs.get(piece.digest)
        if blob is not None:
            found[f"data/material/{piece.digest}"] = blob.salt + blob.content
    return found


def _of_entry(record: RunRecord, entry: Entry) -> Iterator[Piece]:
    reader = _READERS.get(type(entry.event))
    known = dict(reader(entry.seq, entry.event)) if reader else {}
    for digest in dict.fromkeys(references(entry.event)):
        what, read = known.get(digest, ("material", _plain(f"data/other/{entry.seq:04}-{digest[:12]}")))
        blob = record.blobs.get(digest)
        files = _read(read, blob.content, entry.seq) if blob else {}
        state = "here" if blob else "erased" if digest in record.erased else "missing"
        yield Piece(entry.seq, what, digest, state, files)


def _read(read: Callable[[bytes], Files], content: bytes, seq: int) -> Files:
    """The readable copies; the plain bytes where they are not of the form that they should be."""
    try:
        return read(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {f"data/other/{seq:04}-unreadable.bin": content}


_Known = tuple[str, Callable[[bytes], Files]]


def _opened(_seq: int, event: e.RunOpened) -> Iterator[tuple[str, _Known]]:
    yield event.pack_blob, ("the runbook as it was", _packed("data/pack"))
    yield event.inputs_blob, ("values that are not secret", _plain("data/inputs.json"))
    for key in event.keys:
        where = f"data/called-keys/{safe_name(key.slug)}"
        yield key.blob, (f"the KEY {key.slug} {key.version} as it was", _packed(where))


def _finished(seq: int, event: e.AttemptFinished) -> Iterator[tuple[str, _Known]]:
    words = f"{event.step}-{event.role}-{event.attempt}"
    if event.output_blob:
        yield event.output_blob, (f"output of {event.step} ({event.role})", _output(seq, words))
    if event.key is None:
        return
    if event.key.arguments_blob:
        where = f"data/outputs/{numbered(seq, words, 'arguments.json')}"
        yield event.key.arguments_blob, (f"arguments of {event.key.slug}", _plain(where))
    if event.key.result_blob:
        where = f"data/outputs/{numbered(seq, words, 'key-result.json')}"
        yield event.key.result_blob, (f"result of {event.key.slug}", _plain(where))
    for number, (name, digest) in enumerate(event.key.files.items(), 1):
        where = f"data/outputs/{numbered(seq, f'{words}-{number}', name)}"
        yield digest, (f"file of {event.key.slug}: {name}", _plain(where))


def _noted(seq: int, event: e.NoteAdded) -> Iterator[tuple[str, _Known]]:
    yield event.note_blob, ("note", _plain(f"data/notes/{seq:04}.txt"))


def _attached(seq: int, event: e.FileAttached) -> Iterator[tuple[str, _Known]]:
    where = f"data/attachments/{numbered(seq, '', event.name)}"
    yield event.file_blob, (f"attached file: {event.name}", _plain(where))


def _evidence(seq: int, event: e.EvidenceRecorded) -> Iterator[tuple[str, _Known]]:
    yield (
        event.blob,
        (f"evidence {event.item + 1}", _plain(f"data/evidence/{event.item + 1:02}-{seq:04}.txt")),
    )


def _plain(path: str) -> Callable[[bytes], Files]:
    return lambda content: {path: content}


def _packed(folder: str) -> Callable[[bytes], Files]:
    def read(content: bytes) -> Files:
        files = msgspec.json.decode(content, type=dict[str, bytes])
        found: Files = {}
        for number, (name, text) in enumerate(sorted(files.items()), 1):
            path = f"{folder}/{safe_path(name)}"
            taken = {each.lower() for each in found}
            found[f"{path}.{number}" if path.lower() in taken else path] = text
        return found

    return read


def _output(seq: int, words: str) -> Callable[[bytes], Files]:
    def read(content: bytes) -> Files:
        seen = msgspec.json.decode(content, type=Observation)
        texts = {
            "stdout.txt": seen.stdout.encode("utf-8", "backslashreplace"),
            "stderr.txt": seen.stderr.encode("utf-8", "backslashreplace"),
            "rows.json": _json(seen.rows) if seen.rows is not None else b"",
            "result.json": _json(seen.result) if seen.result is not None else b"",
        }
        return {f"data/outputs/{numbered(seq, words, name)}": text for name, text in texts.items() if text}

    return read


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2) + b"\n"


_READERS: dict[type[Any], Callable[[int, Any], Iterator[tuple[str, _Known]]]] = {
    e.RunOpened: _opened,
    e.AttemptFinished: _finished,
    e.NoteAdded: _noted,
    e.FileAttached: _attached,
    e.EvidenceRecorded: _evidence,
}
