"""The name of an exact text: what a run pins."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

PINNED = ("README.md", "pack.json")
"""What a run depends on. Drills, change log and the printed page may change without changing what a run does."""


def pack_digest(files: Mapping[str, bytes]) -> str:
    """Hex SHA-256 over a line `sha256  path` for each pinned file, as `sha256sum README.md pack.json` prints them."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in PINNED if name in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
