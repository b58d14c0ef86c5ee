"""Copies of the checkpoints in a folder elsewhere: another machine's disk, storage that only takes more.

One file per checkpoint, named by its number. A file that is there is never written again, not even to mend it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from runbook_keys.errors import AnchorUnavailable
from runbook_keys.system.giving_up import asked

MOST_BYTES = 1 << 16
"""How much of a file is read: a checkpoint has less than 1 KiB, and somebody else may have put the file there."""

_NAME = re.compile(r"(\d{6,18})\.note", re.ASCII)


class FolderCopies:
    """Copies of checkpoints in `folder` (an absolute path; empty: nowhere)."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    @property
    def place(self) -> str:
        """The folder, in words."""
        return f"the folder {self._folder}" if self._folder else ""

    async def numbers(self, first: bytes, seconds: float) -> Collection[int]:
        """The numbers of the notes that lie there; only the first one is read. Raises AnchorUnavailable."""
        return (await asked(self._folder, seconds, lambda: self._own_paths(first))).keys()

    async def kept(self, seconds: float) -> Mapping[int, bytes]:
        """The notes by number, as they lie there. Raises AnchorUnavailable."""
        return await asked(self._folder, seconds, self._read) if self._folder else {}

    async def keep(self, no: int, note: bytes, seconds: float) -> None:
        """Put the copy there; it is on the disk when this returns. Raises AnchorUnavailable, also where another is there."""
        await asked(self._folder, seconds, lambda: _write_once(self._there() / f"{no:06}.note", note))

    def _there(self) -> Path:
        """The folder. It is never made: where a disk is not mounted, the copies would lie on this one."""
        folder = Path(self._folder)
        if not folder.is_absolute():
            raise AnchorUnavailable(f"[anchors] folder must be a whole path, and {self._folder} is not.")
        if not folder.is_dir():
            raise AnchorUnavailable(f"{folder} is not there. Mount it, or make it.")
        return folder

    def _paths(self) -> dict[int, Path]:
        names = ((path, _NAME.fullmatch(path.name)) for path in self._there().iterdir())
        return {int(match[1]): path for path, match in names if match}

    def _own_paths(self, first: bytes) -> dict[int, Path]:
        paths = self._paths()
        if 1 in paths and _beginning(paths[1]) != first:
            raise AnchorUnavailable(
                f"{paths[1]} is not this journal's first checkpoint. Each journal needs a folder of its own. "
                "`keys verify` says more."
            )
        return paths

    def _read(self) -> dict[int, bytes]:
        return {no: _beginning(path) for no, path in sorted(self._paths().items())}


def _beginning(path: Path) -> bytes:
    # A pipe that somebody put there must not be waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MOST_BYTES) or b""


def _write_once(path: Path, content: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
    except FileExistsError:
        if _beginning(path) == content:  # another `keys` was faster
            return
        raise
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
