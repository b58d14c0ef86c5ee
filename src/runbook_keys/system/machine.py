"""What this machine has: programs, Python modules, room on the disk, a kernel that can confine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path


class ThisMachine:
    """The machine of this process.

    `path` is where programs are looked for, `folder` where the journal lies; `confined` says what confines looking steps.
    """

    def __init__(self, path: str, folder: Path, confined: Callable[[], object]) -> None:
        self._path = path
        self._folder = folder
        self._confined = confined

    def has_program(self, name: str) -> bool:
        """True where a program of this name would be found."""
        return shutil.which(name, path=self._path) is not None

    def has_module(self, name: str) -> bool:
        """True where a Python module of this name is installed."""
        return find_spec(name) is not None

    def enforcement(self) -> str:
        """What keeps looking steps from changing anything, in words; "not enforced here: …" where nothing does."""
        return str(self._confined())

    def free_bytes(self) -> int:
        """Room for the journal."""
        return shutil.disk_usage(self._folder).free
