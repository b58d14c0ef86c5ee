"""Files that appear whole or not at all, and are never replaced: keys, time-stamps."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

_DRAFT = "[0-9a-f]" * 32
"""The end of a draft's name: a UUID."""


def make_once(path: Path, content: Callable[[], bytes], mode: int = 0o600) -> None:
    """Make the file unless it is there; of several processes the first one wins, and its file stays. Raises OSError.

    Each writes a draft of its own; `link` refuses to replace. Drafts of processes that were killed go as well: once the
    file is there, nobody needs theirs. What a person keeps beside the file (`digest.key.bak`) is none.
    """
    if not path.exists():
        _make(path, content(), mode)
    for left in path.parent.glob(f"{path.name}.{_DRAFT}"):
        with suppress(OSError):
            left.unlink()


def _make(path: Path, content: bytes, mode: int) -> None:
    draft = path.with_name(f"{path.name}.{uuid4().hex}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    except FileNotFoundError:
        if not path.exists():  # else another process was faster, and has cleared up
            raise
    finally:
        draft.unlink(missing_ok=True)
