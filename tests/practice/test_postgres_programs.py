"""Where PostgreSQL's server programs are looked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from keys_practice import postgres


def install(folder: Path) -> Path:
    """A folder with the two programs."""
    folder.mkdir(parents=True)
    for program in postgres.PROGRAMS:
        (folder / program).write_text("#!/bin/sh\n")
        (folder / program).chmod(0o755)
    return folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without PostgreSQL, seen by an ordinary user; what is put below the folder is found."""
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path / "debian")
    monkeypatch.setattr(postgres, "unprivileged_user", lambda: None)
    return tmp_path


def test_the_path_comes_first_then_the_newest_of_debian(place: Path) -> None:
    """Versions are compared as numbers: 15 is newer than 9.6."""
    assert postgres.find_on_machine() is None
    old = install(place / "debian" / "9.6" / "bin")
    assert postgres.find_on_machine() == old
    new = install(place / "debian" / "15" / "bin")
    assert postgres.find_on_machine() == new
    on_path = install(place / "path")
    assert postgres.find_on_machine() == on_path


def test_a_folder_with_only_a_client_does_not_count(place: Path) -> None:
    """Both initdb and postgres have to be there."""
    folder = install(place / "path")
    (folder / "postgres").unlink()
    assert postgres.find_on_machine() is None


def test_the_wheel_is_the_last_resort_and_its_newest_server_is_taken(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The programs are found inside the installed package, without importing it."""
    package = place / "site" / "fake_pgserver"
    install(package / "pginstall" / "bin")
    newest = install(package / "pginstall18" / "bin")
    (package / "__init__.py").write_text("raise ImportError('looked at, not imported')\n")
    monkeypatch.syspath_prepend(str(place / "site"))
    monkeypatch.setattr(postgres, "WHEEL", "fake_pgserver")
    assert postgres.find() == newest


def test_programs_below_a_private_folder_are_copied_for_another_user(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They keep their place beside the libraries that they load."""
    package = place / "site" / "fake_pgserver"
    install(package / "pginstall18" / "bin")
    (package / "__init__.py").touch()
    libraries = package.with_name("fake_pgserver.libs")
    libraries.mkdir()
    (libraries / "libx.so").touch()
    monkeypatch.syspath_prepend(str(place / "site"))
    monkeypatch.setattr(postgres, "WHEEL", "fake_pgserver")
    (place / "site").chmod(0o700)
    world = place / "world"
    assert postgres.programs_for("nobody", world) == world / "fake_pgserver" / "pginstall18" / "bin"
    assert (world / "fake_pgserver.libs" / "libx.so").exists()
    assert postgres.programs_for(None, world) == package / "pginstall18" / "bin"


def test_setup_can_ask_with_the_standard_library_alone(tmp_path: Path) -> None:
    """`python -m keys_practice.postgres --found` exits 0 or 1, before anything is installed."""
    source = Path(postgres.__file__).parents[1]
    found = subprocess.run([sys.executable, "-S", "-m", "keys_practice.postgres", "--found"], cwd=source)
    assert found.returncode == (0 if postgres.find_on_machine() else 1)
    without = "import keys_practice.postgres as p; print('psycopg' in __import__('sys').modules)"
    said = subprocess.run([sys.executable, "-S", "-c", without], cwd=source, capture_output=True, text=True)
    assert said.stdout == "False\n"
