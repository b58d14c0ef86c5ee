"""The copies of material that people read: each must hold what its material holds, and there are no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runbook_keys.evidence.bundle.material import pieces_of
from runbook_keys.evidence.bundle.source import RunRecord

_FOLDERS = tuple(
    f"data/{name}/"
    for name in ("pack", "called-keys", "outputs", "notes", "attachments", "evidence", "other")
)
_INPUTS = "data/inputs.json"


def check_copies(files: Mapping[str, bytes], record: RunRecord) -> Iterator[str]:
    """What differs from the record that was read from the same files. Erased material has no copies."""
    pieces = pieces_of(record)
    expected = {path: content for piece in pieces for path, content in piece.files.items()}
    entries = {path: piece.seq for piece in pieces for path in piece.files}
    for path, content in expected.items():
        if path not in files:
            yield f"{path} is missing: the material of entry {entries[path]} has a copy there."
        elif files[path] != content:
            yield f"{path} was changed: it is not what the material of entry {entries[path]} holds."
    for path in sorted(files.keys() - expected.keys()):
        if path == _INPUTS or path.startswith(_FOLDERS):
            yield f"{path} was added: it is no copy of any material that the run speaks of."
