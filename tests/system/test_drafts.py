"""Files that are made once, and what lies beside them."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from runbook_keys.drafts import clear_drafts, make_once, replace_whole


def test_the_first_content_stays(tmp_path: Path) -> None:
    """A second call changes nothing, and does not even ask for its content."""
    path = tmp_path / "digest.key"
    make_once(path, lambda: b"first")
    make_once(path, lambda: 1 // 0)  # type: ignore[arg-type,return-value]
    assert path.read_bytes() == b"first"
    assert path.stat().st_mode & 0o777 == 0o600


def test_drafts_of_the_killed_go_and_a_backup_stays(tmp_path: Path) -> None:
    """What a person put beside a key is theirs."""
    path = tmp_path / "digest.key"
    for end in ("", ".part"):  # as earlier releases called them, and as they are called now
        (tmp_path / f"digest.key.{uuid4().hex}{end}").write_bytes(b"half")
    backups = [tmp_path / f"digest.key.{end}" for end in ("bak", "2026-11-23", "old", "part")]
    for backup in backups:
        backup.write_bytes(b"mine")
    make_once(path, lambda: b"new")
    assert sorted(tmp_path.iterdir()) == sorted([path, *backups])


def test_a_file_whose_name_is_a_pattern_clears_nobody_else_s_drafts(tmp_path: Path) -> None:
    """`keys report --paper 'a*'` is a name, and no pattern."""
    other = tmp_path / f"abc.{uuid4().hex}.part"
    other.write_bytes(b"half")
    make_once(tmp_path / "a*", lambda: b"new")
    assert other.exists()


def test_a_draft_that_another_process_cleared_away_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is loaded clears up just then: the file is replaced all the same, and nobody is told of an error."""
    path = tmp_path / "latest"
    replace, cleared = Path.replace, []

    def once_cleared(draft: Path, target: Path) -> Path:
        if not cleared:
            cleared.append(draft)
            clear_drafts(target)
        return replace(draft, target)

    monkeypatch.setattr(Path, "replace", once_cleared)
    replace_whole(path, b"new")
    assert (path.read_bytes(), len(cleared), len(list(tmp_path.iterdir()))) == (b"new", 1, 1)
