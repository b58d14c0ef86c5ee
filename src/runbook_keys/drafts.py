"""Files that appear whole or not at all: what is to be there is written beside its place first, flushed, then moved there."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

_UUID = "[0-9a-f]" * 32


def replace_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put `content` in the place of the file, if there is one: who reads it finds the old or the new. Raises OSError."""
    try:
        _replace(path, content, mode)
    except FileNotFoundError:
        # Another process took our draft for that of a killed one; or there is no folder, which the second try says.
        _replace(path, content, mode)


def make_once(path: Path, content: Callable[[], bytes], mode: int = 0o600) -> None:
    """Make the file unless it is there; of several processes the first one wins, and its file stays. Raises OSError.

    Each writes a draft of its own; `link` refuses to replace.
    """
    if not path.exists():
        _make(path, content(), mode)
    clear_drafts(path)


def clear_drafts(path: Path) -> None:
    """Remove the drafts of processes that were killed. What a person keeps beside the file (`digest.key.bak`) is none."""
    for left in path.parent.glob(f"{glob.escape(path.name)}.{_UUID}*"):
        with suppress(OSError):
            left.unlink()


def _replace(path: Path, content: bytes, mode: int) -> None:
    draft = _drafted(path, content, mode)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _make(path: Path, content: bytes, mode: int) -> None:
    try:
        draft = _drafted(path, content, mode)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)
    except FileNotFoundError:
        if not path.exists():  # else another process was faster, and has cleared up
            raise


def _drafted(path: Path, content: bytes, mode: int) -> Path:
    """A draft for `path` that is on the disk; none is left where it can't be written."""
    draft = path.with_name(f"{path.name}.{uuid4().hex}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return draft
