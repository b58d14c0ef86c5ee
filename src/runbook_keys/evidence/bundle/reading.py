"""A bundle's files, read back into what it was made of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from runbook_keys.evidence.bundle.source import RunRecord
from runbook_keys.journal.blobs import SALT_BYTES, references
from runbook_keys.journal.chain import link, spine_line
from runbook_keys.journal.checkpoint import read_note
from runbook_keys.journal.lines import read
from runbook_keys.model.entry import Blob, Checkpoint, RunHead, SpineRow, StoredEntry

MATERIAL = "data/material/"
_ROW = re.compile(r"([1-9]\d{0,17}) ([1-9]\d{0,17}) ([1-9]\d{0,17}) ([0-9a-f]{64})\n", re.ASCII)
_START = re.compile(r"([1-9]\d{0,17}) ([0-9a-f]{64}) ([0-9a-f]{64})\n", re.ASCII)
_NOTE = re.compile(r"data/checkpoints/(\d{6,18})\.note", re.ASCII)
_STAMP = re.compile(r"data/checkpoints/(\d{6,18})\.tsr", re.ASCII)
_KEY = re.compile(r"data/public-keys/([0-9a-f]{8})\.pem", re.ASCII)


def start_of(files: Mapping[str, bytes]) -> tuple[int, str, str]:
    """`data/start.txt`: the run's number, the link before the spine, the link after the run. Raises ValueError."""
    match = _START.fullmatch(files["data/start.txt"].decode("ascii"))
    if match is None:
        raise ValueError("data/start.txt is not of its form.")
    return int(match[1]), match[2], match[3]


def record_of(files: Mapping[str, bytes]) -> RunRecord:
    """What a bundle that was checked was made of. Its keys go by the eight digits of their files.

    Raises what reading its files raises: ValueError, KeyError, JournalDamaged.
    """
    run_no, before, end = start_of(files)
    spine = spine_of(files["data/spine.txt"], before)
    stored = stored_of(files["data/entries.jsonl"], [row for row in spine if row.run_no == run_no])
    entries = [read(each) for each in stored]
    blobs = {
        path.removeprefix(MATERIAL): Blob(
            path.removeprefix(MATERIAL), content[:SALT_BYTES], content[SALT_BYTES:]
        )
        for path, content in files.items()
        if path.startswith(MATERIAL)
    }
    told = {digest for entry in entries for digest in references(entry.event)}
    return RunRecord(
        RunHead(stored[-1].run, run_no, len(stored), end),
        stored,
        entries,
        spine,
        checkpoints_of(files),
        blobs,
        frozenset(told - blobs.keys()),
        {match[1]: files[path] for path in sorted(files) if (match := _KEY.fullmatch(path))},
        {int(match[1]): files[path] for path in sorted(files) if (match := _STAMP.fullmatch(path))},
    )


def spine_of(content: bytes, start: str) -> list[SpineRow]:
    """The rows of `data/spine.txt`; the first one follows the link `start`. Raises ValueError."""
    rows: list[SpineRow] = []
    for line in content.decode("ascii").splitlines(keepends=True):
        match = _ROW.fullmatch(line)
        if match is None or (rows and int(match[1]) != rows[-1].gseq + 1):
            raise ValueError(f"row {len(rows) + 1} of data/spine.txt is not of its form.")
        gseq, run_no, rseq = int(match[1]), int(match[2]), int(match[3])
        start = link(start, spine_line(gseq, run_no, rseq, match[4]))
        rows.append(SpineRow(gseq, run_no, rseq, match[4], start))
    if not rows:
        raise ValueError("data/spine.txt is empty.")
    return rows


def stored_of(content: bytes, rows: Sequence[SpineRow]) -> list[StoredEntry]:
    """The lines of `data/entries.jsonl` with the links that the run's `rows` tell of. Raises ValueError."""
    lines = content.splitlines(keepends=True)
    if [row.rseq for row in rows] != list(range(1, len(lines) + 1)):
        raise ValueError(f"there are {len(lines)} entries, and the spine tells of {len(rows)}.")
    run = _run_of(lines[0]) if lines else ""
    return [StoredEntry(run, row.rseq, line, row.link) for row, line in zip(rows, lines, strict=True)]


def _run_of(line: bytes) -> str:
    match = re.search(rb'"run":"([a-z0-9-]{1,64})","seq":1,', line)
    if match is None:
        raise ValueError("the first entry names no run.")
    return match[1].decode("ascii")


def checkpoints_of(files: Mapping[str, bytes]) -> list[Checkpoint]:
    """The checkpoints by number. Raises JournalDamaged."""
    found = []
    for path in sorted(files):
        if match := _NOTE.fullmatch(path):
            note = read_note(files[path])
            found.append(Checkpoint(int(match[1]), note.gseq, files[path]))
    return found
