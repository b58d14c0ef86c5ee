"""Folder, slug and title call the pack by different names."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import METADATA, Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "mismatched-name"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """A slug that is not the folder's name, and a title that is not the one in `README.md`."""
    metadata = material.metadata
    if metadata is None:
        return
    if material.folder and material.folder != metadata.slug:
        reason = f"The folder is called {material.folder}, and the slug is {metadata.slug}."
        yield Fault(material.metadata_line('"slug"'), reason, "Give both the same name.", METADATA)
    title = material.runbook.title
    if title and title != metadata.title:
        reason = f'README.md is called "{title}", and {METADATA} says "{metadata.title}".'
        yield Fault(material.metadata_line('"title"'), reason, "Give both the same title.", METADATA)
