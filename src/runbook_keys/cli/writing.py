"""Files and folders for people: each appears whole under its name or not at all. What was cut off ends in `.part`."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from runbook_keys.drafts import clear_drafts, replace_whole
from runbook_keys.errors import KeysError

_AS_USUAL = 0o666
"""The mode of a file for people, from which the login's own mask takes away."""


def write_whole(path: Path, content: bytes) -> None:
    """Write the file, over one that is there; through what is no plain file, such as /dev/stdout. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.write_bytes(content)
        return
    replace_whole(path, content, _AS_USUAL)
    clear_drafts(path)


def write_told(path: Path, content: bytes, otherwise: str) -> Path:
    """The same; what is in the way is told in words, with what to do `otherwise`. Returns the path. Raises KeysError."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise KeysError(f"{path} can't be written: {error.strerror}. {otherwise}") from error
    return path


def write_page(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a page, the first of `files`, after all that belongs to it: one that is there has its tables. Raises OSError."""
    page, *beside = files
    (folder / page).unlink(missing_ok=True)
    for name in (*beside, page):
        write_whole(folder / name, files[name])


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder that is not there yet; what an earlier try left of it is made anew.

    Raises OSError, BlockingIOError while another process writes it.
    """
    draft = folder.with_name(f"{folder.name}.part")
    draft.mkdir(parents=True, exist_ok=True)
    held = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in draft.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        for parent in sorted({(draft / name).parent for name in files} - {draft}):
            parent.mkdir(parents=True)
        for name, content in files.items():
            _write(draft / name, content)
        draft.rename(folder)
    finally:
        os.close(held)


def is_same(path: Path, files: Mapping[str, bytes]) -> bool:
    """Whether the folder holds these files and no others, or the file `path` is the one of them."""
    if path.is_file():
        return path.read_bytes() == files.get(path.name)
    found = {each.relative_to(path).as_posix(): each for each in path.rglob("*") if not each.is_dir()}
    return found.keys() == files.keys() and all(found[name].read_bytes() == files[name] for name in files)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
