"""The name of an exact text: what a run pins."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

PINNED = ("README.md", "pack.json")
"""What a run depends on. Drills, change log and the printed page may change without changing what a run does."""


def pack_digest(files: Mapping[str, bytes]) -> str:
    """Hex SHA-256 over a line `sha256  path` for each pinned file, as `sha256sum README.md pack.json` prints them."""
    return _digest_of_lines({name: files[name] for name in PINNED if name in files})


def folder_digest(files: Mapping[str, bytes]) -> str:
    """The same over all files of a folder by their paths, sorted: what a run pins of a KEY."""
    return _digest_of_lines(dict(sorted(files.items())))


def _digest_of_lines(files: Mapping[str, bytes]) -> str:
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
