"""A private folder for one attempt."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from runbook_keys.executors.process import NotStarted


@asynccontextmanager
async def scratch_folder(root: Path, name: str) -> AsyncIterator[Path]:
    """The folder `name` below `root`, which only this account can enter; removed afterwards with all that is in it.

    Raises `NotStarted` where it can't be made.
    """
    folder = _made(root, name)
    try:
        yield folder
    finally:
        try:
            folder.rmdir()
        except OSError:
            await asyncio.to_thread(_remove_all, folder)


def _made(root: Path, name: str) -> Path:
    folder = root / name
    try:
        if not root.is_dir():
            root.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise NotStarted(f"No scratch folder can be made in {root}: {error.strerror}.") from error
    return folder


def _remove_all(folder: Path) -> None:
    """By the system's tools: what is in it may be nested deeper than Python can walk, or closed to its owner."""
    subprocess.run(["chmod", "-R", "u+rwX", "--", folder], check=False, stderr=subprocess.DEVNULL)
    subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)
