"""Files that are made once, and what lies beside them."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from runbook_keys.system.made_once import make_once


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
    (tmp_path / f"digest.key.{uuid4().hex}").write_bytes(b"half")
    backups = [tmp_path / f"digest.key.{end}" for end in ("bak", "2026-11-23", "old")]
    for backup in backups:
        backup.write_bytes(b"mine")
    make_once(path, lambda: b"new")
    assert sorted(tmp_path.iterdir()) == sorted([path, *backups])
