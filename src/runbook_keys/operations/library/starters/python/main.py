"""Writes a note into a file, and keeps what stood there before."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def run(arguments: dict[str, Any], tools: Any) -> dict[str, Any]:
    """Write the note; in a dry run only say what would be written over."""
    file = Path(arguments["file"])
    before = _content(file)
    is_dry = tools.mode == "dry-run"
    if not is_dry:
        tools.progress(f"Writing {file}")
        _replace(file, arguments["note"])
    return {"file": str(file), "before": before, "dry_run": is_dry}


def undo(arguments: dict[str, Any], tools: Any) -> dict[str, Any]:
    """Put back what stood in the file before the call that returned `tools.result_before`."""
    if not tools.result_before:
        raise RuntimeError("It is not known what stood in the file before. Give the earlier result.")
    file, before = Path(arguments["file"]), tools.result_before["before"]
    now = _content(file)
    if before is None:
        file.unlink(missing_ok=True)
    else:
        _replace(file, before)
    return {"file": str(file), "before": now, "dry_run": False}


def _content(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None


def _replace(file: Path, text: str) -> None:
    """Written beside it and renamed, so that nobody ever reads half a note."""
    beside = file.with_name(f"{file.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
