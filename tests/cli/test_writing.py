"""Files for people: whole under their names or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runbook_keys.cli import writing
from runbook_keys.cli.writing import write_told, write_whole
from runbook_keys.errors import KeysError


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of yesterday is better than half of today's; the words say what to do."""
    page = tmp_path / "checklist.md"
    page.write_bytes(b"yesterday")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        KeysError, match=r"checklist\.md can't be written: No space left on device\. Name another"
    ):
        write_told(page, b"today", "Name another file.")
    assert page.read_bytes() == b"yesterday"


def test_what_is_no_plain_file_is_written_through(tmp_path: Path) -> None:
    """`--paper /dev/stdout` must not put a file in the place of the device, nor one of a link's."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    write_whole(Path(os.devnull), b"gone")
    assert not Path(os.devnull).is_file()


def test_nothing_is_left_beside_a_file(tmp_path: Path) -> None:
    """Its folder is made where it is missing."""
    assert write_told(tmp_path / "a" / "b", b"1", "") == tmp_path / "a" / "b"
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["b"]
    assert writing.is_same(tmp_path / "a", {"b": b"1"})
