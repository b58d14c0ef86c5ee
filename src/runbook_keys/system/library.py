"""Packs in folders: those that ship, those of the organisation, and any folder that is named."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from runbook_keys.errors import InvalidPack, UnknownKey, UnknownRunbook
from runbook_keys.model.key import Tool
from runbook_keys.model.pack import Pack

MAX_FILE_BYTES = 1 << 20
MAX_FILES = 200
KEY_METADATA = "key.json"


class FolderLibrary:
    """Looks for packs in `roots`, the first one that has it wins."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(roots)

    def load(self, name: str) -> Pack:
        """The pack called `name`, or in the folder `name`. Raises UnknownRunbook or InvalidPack."""
        return read_folder(self._find(name))

    def gather(self, name: str) -> Sequence[Pack]:
        """The pack called `name`, or every pack in the folder `name`. Raises UnknownRunbook or InvalidPack."""
        inside = sorted(
            {
                path.parent
                for file in ("README.md", "pack.json", KEY_METADATA)
                for path in Path(name).glob(f"*/{file}")
            }
        )
        is_one = any((Path(name) / file).is_file() for file in ("pack.json", KEY_METADATA))
        if inside and not is_one:
            return [read_folder(folder) for folder in inside]
        return [self.load(name)]

    def slugs(self) -> Sequence[str]:
        """The names of all installed packs, sorted."""
        found = {path.parent.name for root in self._roots for path in root.glob("*/pack.json")}
        return sorted(found)

    def _find(self, name: str) -> Path:
        is_path = os.sep in name or name in (".", "..")
        places = [Path(name)] if is_path else [root / name for root in self._roots]
        for place in places:
            if any((place / file).is_file() for file in ("README.md", "pack.json", KEY_METADATA)):
                return place
        if is_path:
            raise UnknownRunbook(
                f"There is no pack in {name}: a pack is a folder with README.md and pack.json."
            )
        known = "\n".join(f"  {slug}" for slug in self.slugs()) or "  none"
        raise UnknownRunbook(f"No runbook is called {name}. These are installed:\n{known}")


class FolderKeyLibrary:
    """Looks for KEYS in folders `root/<tool>/<slug>`, the first root that has it wins."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(root / tool for root in roots for tool in Tool)

    def load_key(self, name: str) -> Pack:
        """The KEY called `name`, or in the folder `name`. Raises UnknownKey or InvalidPack."""
        is_path = os.sep in name or name in (".", "..")
        places = [Path(name)] if is_path else [root / name for root in self._roots]
        for place in places:
            if (place / KEY_METADATA).is_file():
                return read_folder(place)
        if is_path:
            raise UnknownKey(f"There is no KEY in {name}: a KEY is a folder with {KEY_METADATA}.")
        known = "\n".join(f"  {slug}" for slug in self.key_slugs()) or "  none"
        raise UnknownKey(f"No KEY is called {name}. These are installed:\n{known}")

    def key_slugs(self) -> Sequence[str]:
        """The names of all installed KEYS, sorted."""
        return sorted(self._installed())

    def key_files(self) -> Mapping[str, bytes]:
        """The `key.json` of each installed KEY. Raises InvalidPack."""
        return {slug: _content(path) for slug, path in sorted(self._installed().items())}

    def _installed(self) -> dict[str, Path]:
        found = [(path.parent.name, path) for root in self._roots for path in root.glob(f"*/{KEY_METADATA}")]
        return dict(reversed(found))  # the first root that has it wins


def read_folder(folder: Path) -> Pack:
    """All files of a pack by relative path. Links and other things that are not plain files are left out."""
    files: dict[str, bytes] = {}
    for path in sorted(_plain_files(folder)):
        if len(files) >= MAX_FILES:
            raise InvalidPack(f"{folder} holds more than {MAX_FILES} files; that is no pack.")
        files[path.relative_to(folder).as_posix()] = _content(path)
    return Pack(files, str(folder))


def _plain_files(folder: Path) -> list[Path]:
    found = []
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        paths = (Path(parent) / name for name in names)
        found += [path for path in paths if stat.S_ISREG(path.lstat().st_mode)]
    return found


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InvalidPack(f"{path} can't be read: {error.strerror}. Mend that, then try again.") from error
    if len(content) > MAX_FILE_BYTES:
        raise InvalidPack(f"{path} is larger than 1 MiB; a pack's file never is.")
    return content
