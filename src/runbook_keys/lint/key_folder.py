"""A KEY's folder on the page: its `key.json`, its entry, and the files that explain it."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.book.key_metadata import read_key_metadata
from runbook_keys.book.notebook_text import read_notebook
from runbook_keys.model.finding import Finding
from runbook_keys.model.key import KeyMetadata, Tool
from runbook_keys.model.pack import Pack

KEY_METADATA = "key.json"
_EXPLAINING = {
    "README.md": "Say what it answers or does, how to call it, what comes back, its limits.",
    "CHANGELOG.md": "Add it, with a heading for the version in key.json.",
    "LICENSE.txt": "Add the text of the licence that key.json names.",
}


def is_key(pack: Pack) -> bool:
    """True for the folder of a KEY, false for a runbook's."""
    return KEY_METADATA in pack.files and "pack.json" not in pack.files


def check_key(pack: Pack) -> tuple[Finding, ...]:
    """All that is wrong with a KEY's folder, sorted. Runs nothing of it."""
    return tuple(sorted({*_metadata_findings(pack), *_missing_files(pack)}))


def _metadata_findings(pack: Pack) -> Iterator[Finding]:
    metadata, problems = read_key_metadata(pack.files[KEY_METADATA])
    for each in problems:
        yield Finding(KEY_METADATA, each.line, "invalid-metadata", each.reason, each.mend)
    if metadata is not None:
        yield from _entry_findings(metadata, pack)


def _entry_findings(metadata: KeyMetadata, pack: Pack) -> Iterator[Finding]:
    folder = pack.origin.rstrip("/").rsplit("/", 1)[-1]
    if folder.strip(".") and folder != metadata.slug:
        reason = f"The folder is called {folder} and key.json says {metadata.slug}."
        yield Finding(KEY_METADATA, 0, "mismatched-name", reason, "Give both the same name.")
    if metadata.entry not in pack.files:
        yield Finding(metadata.entry, 0, "missing-file", f"The KEY has no {metadata.entry}.", "Add it.")
    elif metadata.tool is Tool.JUPYTER:
        _, problems = read_notebook(pack.files[metadata.entry], list(metadata.inputs.get("properties", {})))
        for each in problems:
            yield Finding(metadata.entry, each.line, "unreadable", each.reason, each.mend)


def _missing_files(pack: Pack) -> Iterator[Finding]:
    for name, mend in _EXPLAINING.items():
        if name not in pack.files:
            yield Finding(name, 0, "missing-file", f"The KEY has no {name}.", mend)
    if not any(name.startswith("examples/") for name in pack.files):
        mend = "Add small inputs of an invented company, and the result that they give."
        yield Finding("examples", 0, "missing-file", "The KEY has no examples.", mend)
