"""A private folder for one attempt."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook_keys.executors.process import NotStarted


@contextmanager
def scratch_folder(root: Path) -> Iterator[Path]:
    """A fresh folder below `root` that only this account can enter; removed afterwards with all that is in it.

    Raises `NotStarted` where it can't be made.
    """
    folder = _made(root)
    try:
        yield folder
    finally:
        _remove(folder)


def _made(root: Path) -> Path:
    try:
        root.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="attempt-", dir=root))
    except OSError as error:
        raise NotStarted(f"No scratch folder can be made in {root}: {error.strerror}.") from error


def _remove(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        # Not empty, perhaps nested deeper than Python can walk or closed to its owner: the system's tools manage.
        subprocess.run(["chmod", "-R", "u+rwX", "--", folder], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)
