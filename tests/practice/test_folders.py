"""Where the folder of a world is made."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from keys_practice import folders


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is taken for the machine's memory, with nobody asking for another one."""
    monkeypatch.delenv("TMPDIR", raising=False)
    with _folder() as folder:
        monkeypatch.setattr(folders, "MEMORY", folder)
        yield folder


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """One that anybody may enter, as PostgreSQL's user must."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def _made() -> Path:
    folder, lock = folders.make(None)
    os.close(lock)
    folders.remove(folder)
    return folder.parent


def test_a_world_lies_in_memory_where_there_is_room(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thousand small files then cost no disk."""
    monkeypatch.setattr(folders, "ROOM_BYTES", 1)
    assert _made() == memory


def test_a_world_lies_on_disk_where_memory_is_short(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container, which often has 64 MB of it."""
    monkeypatch.setattr(folders, "ROOM_BYTES", 1 << 60)
    assert _made() != memory


def test_a_world_lies_where_tmpdir_says(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets it knows why."""
    monkeypatch.setattr(folders, "ROOM_BYTES", 1)
    monkeypatch.setattr(tempfile, "tempdir", None)
    with _folder() as wanted:
        monkeypatch.setenv("TMPDIR", str(wanted))
        assert _made() == wanted != memory


def test_a_machine_without_such_a_folder_uses_the_disk(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is made there, and nothing fails."""
    monkeypatch.setattr(folders, "ROOM_BYTES", 1)
    monkeypatch.setattr(folders, "MEMORY", memory / "nothing")
    assert _made() != memory / "nothing"
