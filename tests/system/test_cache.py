"""Remembered results: losing them costs time only."""

from __future__ import annotations

import os
from pathlib import Path

from runbook_keys.system.cache import MOST_FILES, FolderCache, code_digest


def test_what_was_put_is_found_again(tmp_path: Path) -> None:
    """In another process's eyes too: it lies in the folder."""
    FolderCache(tmp_path / "new" / "folder", "code").put("key", b"content")

    assert FolderCache(tmp_path / "new" / "folder", "code").get("key") == b"content"
    assert FolderCache(tmp_path / "new" / "folder", "code").get("another") is None


def test_results_of_other_code_are_never_seen(tmp_path: Path) -> None:
    """A rule that was mended must look again."""
    FolderCache(tmp_path, "old").put("key", b"content")

    assert FolderCache(tmp_path, "new").get("key") is None


def test_a_damaged_file_is_the_same_as_none(tmp_path: Path) -> None:
    """Each flipped or missing byte is noticed."""
    cache = FolderCache(tmp_path, "code")
    cache.put("key", b"content")
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()

    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert cache.get("key") is None
        file.write_bytes(whole[:at])
        assert cache.get("key") is None


def test_a_folder_that_cannot_be_used_costs_time_only(tmp_path: Path) -> None:
    """A file where the folder should be: nothing is remembered and nothing raises."""
    (tmp_path / "file").write_text("in the way")
    cache = FolderCache(tmp_path / "file", "code")

    cache.put("key", b"content")

    assert cache.get("key") is None


def test_the_folder_does_not_grow_for_ever(tmp_path: Path) -> None:
    """The oldest files go; what was put lately stays."""
    for number in range(MOST_FILES):
        (tmp_path / f"{number}").touch()
    cache = FolderCache(tmp_path, "code")
    for number in range(2_000):
        cache.put(f"new {number}", b"new")
    assert len(list(tmp_path.iterdir())) <= MOST_FILES // 2 + 2_000
    assert cache.get("new 1999") == b"new"


def test_an_edited_source_file_is_other_code(tmp_path: Path) -> None:
    """Also where only its time differs."""
    (tmp_path / "rule.py").write_text("one = 1\n")
    before = code_digest(tmp_path)
    assert code_digest(tmp_path) == before

    os.utime(tmp_path / "rule.py", (1, 1))

    assert code_digest(tmp_path) != before
