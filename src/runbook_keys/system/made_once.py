"""Files that appear whole or not at all, and are never replaced: keys, time-stamps."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from runbook_keys.system.drafts import clear_drafts, drafted


def make_once(path: Path, content: Callable[[], bytes], mode: int = 0o600) -> None:
    """Make the file unless it is there; of several processes the first one wins, and its file stays. Raises OSError.

    Each writes a draft of its own; `link` refuses to replace. Drafts of processes that were killed go as well: once the
    file is there, nobody needs theirs. What a person keeps beside the file (`digest.key.bak`) is none.
    """
    if not path.exists():
        _make(path, content(), mode)
    clear_drafts(path)


def _make(path: Path, content: bytes, mode: int) -> None:
    try:
        with drafted(path, content, mode) as draft, suppress(FileExistsError):
            os.link(draft, path)
    except FileNotFoundError:
        if not path.exists():  # else another process was faster, and has cleared up
            raise
