"""A private folder for one attempt."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook_keys.executors.process import NotStarted


@contextmanager
def scratch_folder(root: Path, name: str) -> Iterator[Path]:
    """The folder `name` below `root`, which only this account can enter; removed afterwards with all that is in it.

    Raises `NotStarted` where it can't be made.
    """
    folder = _made(root, name)
    try:
        yield folder
    finally:
        _remove(folder)


def _made(root: Path, name: str) -> Path:
    folder = root / name
    try:
        if not root.is_dir():
            root.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise NotStarted(f"No scratch folder can be made in {root}: {error.strerror}.") from error
    return folder


def _remove(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        # Not empty, perhaps nested deeper than Python can walk or closed to its owner: the system's tools manage.
        subprocess.run(["chmod", "-R", "u+rwX", "--", folder], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)
