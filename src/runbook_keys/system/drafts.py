"""Drafts: what is to appear whole or not at all is written beside its place first, flushed, then moved there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

_END = "[0-9a-f]" * 32
"""The end of a draft's name: a UUID."""


@contextmanager
def drafted(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    """A draft for `path` that is on the disk; it goes again unless it is moved. Raises OSError."""
    draft = path.with_name(f"{path.name}.{uuid4().hex}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def replace_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put `content` in the place of the file, if there is one: who reads it finds the old or the new. Raises OSError."""
    with drafted(path, content, mode) as draft:
        draft.replace(path)


def clear_drafts(path: Path) -> None:
    """Remove the drafts of processes that were killed. What a person keeps beside the file (`digest.key.bak`) is none."""
    for left in path.parent.glob(f"{path.name}.{_END}"):
        with suppress(OSError):
            left.unlink()
