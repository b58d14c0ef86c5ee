"""Names of files in a bundle. What somebody called a file is data: it is shown, and never becomes a path."""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST = 80


def safe_name(name: str) -> str:
    """One plain file name that every system takes: no folder, no leading dot or dash, at most 80 characters."""
    plain = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip("._-")
    stem, dot, ending = plain.rpartition(".")
    short = f"{stem[: _LONGEST - len(ending) - 1]}.{ending}" if dot and len(ending) < 12 else plain[:_LONGEST]
    return f"_{short}" if _DEVICES.fullmatch(short) else short or "file"


def safe_path(path: str) -> str:
    """A path inside a pack, each part made safe; nothing leads out of the folder."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(map(safe_name, parts)) or "file"


def numbered(seq: int, words: str, name: str) -> str:
    """`0012-A1-work-name`: the entry's number comes first, so that no two names of a folder are equal."""
    return "-".join(filter(None, [f"{seq:04}", safe_name(words) if words else "", safe_name(name)]))
