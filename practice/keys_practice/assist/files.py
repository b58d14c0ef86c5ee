"""Files of JSON: one object replaced whole, or one object a line, only added to."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from keys_practice.errors import Unreachable

Row = dict[str, Any]


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object. Raises Unreachable where the file can't be read as one."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise Unreachable(f"{path} can't be read: {problem}.") from problem
    if not isinstance(found, dict):
        raise Unreachable(f"{path} holds no object.")
    return found


def replace_object(path: Path, content: dict[str, Any]) -> None:
    """Put the object in place in one step: a reader sees the old one or the new one."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf-8")
    fresh.replace(path)


def rows(path: Path) -> list[Row]:
    """Every whole line, oldest first. Raises Unreachable where one can't be read."""
    try:
        return list(_rows(path))
    except (OSError, ValueError) as problem:
        raise Unreachable(f"{path} can't be read: {problem}.") from problem


def add_rows(path: Path, fresh: Iterable[Row]) -> None:
    """Add lines in one write."""
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(json.dumps(row, sort_keys=True) + "\n" for row in fresh))


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)
