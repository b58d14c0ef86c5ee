"""Remembered results in a folder of files. Losing them costs time, never anything else."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

MOST_FILES = 20_000
_ROOM_AT = "00"
"""Room is made when a key's digest begins so, every 256th time or so: to look through a large folder takes long."""


class FolderCache:
    """Results by key, as files of `folder`; those of another version of the code are never seen.

    Whatever goes wrong with the folder (read-only, full, gone) is the same as not remembering.
    """

    def __init__(self, folder: Path, code: str) -> None:
        self._folder = folder
        self._code = code

    def get(self, key: str) -> bytes | None:
        """What was put under `key`, or None. A file that is not whole is None too."""
        try:
            content = self._path(key).read_bytes()
        except OSError:
            return None
        digest, kept = content[:32], content[32:]
        return kept if hashlib.sha256(kept).digest() == digest else None

    def put(self, key: str, content: bytes) -> None:
        """Remember `content`. Readers see it whole or not at all."""
        passing = self._folder / f"{token_hex(8)}.tmp"
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._path(key).name.startswith(_ROOM_AT):
                self._make_room()
            passing.write_bytes(hashlib.sha256(content).digest() + content)
            passing.replace(self._path(key))

    def _path(self, key: str) -> Path:
        return self._folder / hashlib.sha256(f"{self._code}\n{key}".encode()).hexdigest()

    def _make_room(self) -> None:
        files = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime)
        if len(files) < MOST_FILES:
            return
        for path in files[: MOST_FILES // 2]:
            with suppress(OSError):
                path.unlink()


def code_digest(folder: Path) -> str:
    """Hex SHA-256 over name, size and time of every source file below `folder`: an edit gives another one."""
    lines = []
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".py"):
                found = os.stat(f"{parent}{os.sep}{name}")  # noqa: PTH116 - many files before the first question
                lines.append(f"{parent}/{name} {found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
