"""Somebody edits the database file itself, triggers and all: it is found and named."""

from __future__ import annotations

from pathlib import Path

import pytest
from journals import AT, NOTE, NOTED, OTHER, RUN, entered, findings, open_run, tampered, wait, write

from runbook_keys.model.actor import DRIVER
from runbook_keys.model.event import MaterialErased
from runbook_keys.stores.sqlite import SqliteStore

THIRD = "r-20261123-0314-b3cd"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three runs of six entries, written turn by turn; the first has a note. Run, number and place are:
    (RUN, 1), (OTHER, 2), (THIRD, 3).
    """
    store = SqliteStore.open(tmp_path / "journal.db")
    for run in (RUN, OTHER, THIRD):
        open_run(store, run)
    wait(store.append(RUN, 2, AT, DRIVER, [NOTED], [NOTE]))
    write(store, RUN, 3, entered(4), entered(5), entered(6))
    for run in (OTHER, THIRD):
        write(store, run, 2, *map(entered, range(3, 7)))
    wait(store.close())
    assert findings(tmp_path / "journal.db") == []
    return tmp_path / "journal.db"


def seen(path: Path, *statements: str) -> str:
    """What is found after these statements, as one text with the places."""
    tampered(path, *statements)
    return "\n".join(f"{one.run} {one.seq} {one.what}" for one in findings(path))


EDIT = "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), 'D1', 'D9') AS BLOB) WHERE run_no = 2 AND seq = 4"


def test_an_edited_entry_is_named(path: Path) -> None:
    """One finding: which run, which entry, what it means."""
    assert seen(path, EDIT) == f"{OTHER} 4 This entry was changed after it was written."


def test_a_deleted_entry_is_named(path: Path) -> None:
    """From the middle or from the end."""
    told = seen(
        path,
        "DELETE FROM entries WHERE run_no = 2 AND seq IN (3, 4)",
        "DELETE FROM entries WHERE run_no = 3 AND seq = 6",
    )
    assert told == f"{OTHER} 3 Entries 3 to 4 are missing.\n{THIRD} 6 Entry 6 is missing."


def test_swapped_entries_are_named(path: Path) -> None:
    """Their numbers were exchanged."""
    told = seen(
        path,
        "UPDATE entries SET seq = 99 WHERE run_no = 2 AND seq = 3",
        "UPDATE entries SET seq = 3 WHERE run_no = 2 AND seq = 5",
        "UPDATE entries SET seq = 5 WHERE run_no = 2 AND seq = 99",
    )
    assert f"{OTHER} 3 The line calls itself entry 5." in told
    assert f"{OTHER} 5 The line calls itself entry 3." in told
    assert RUN not in told


def test_an_inserted_entry_is_named(path: Path) -> None:
    """A copy of a line as a seventh entry."""
    told = seen(
        path, "INSERT INTO entries SELECT run_no, 7, line, link FROM entries WHERE run_no = 3 AND seq = 6"
    )
    assert f"{THIRD} 7 This entry is not on the spine" in told


def test_a_truncated_entry_is_named(path: Path) -> None:
    """Half of a line."""
    told = seen(
        path, "UPDATE entries SET line = substr(line, 1, length(line) / 2) WHERE run_no = 1 AND seq = 2"
    )
    assert f"{RUN} 2 This is not a whole line" in told


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_removed_run_is_named_by_its_number(path: Path, number: int) -> None:
    """All its entries and its name are gone; the spine remembers. Also for the newest run."""
    told = seen(
        path, f"DELETE FROM entries WHERE run_no = {number}", f"DELETE FROM runs WHERE run_no = {number}"
    )
    assert told == f" 0 Run number {number} is missing. The spine tells of 6 entries of it."


def test_a_run_without_entries_is_named(path: Path) -> None:
    """Its name was left behind."""
    told = seen(path, "DELETE FROM entries WHERE run_no = 2")
    assert told == f"{OTHER} 1 Entries 1 to 6 are missing."


def test_a_run_removed_from_the_spine_too_is_named_by_its_number(path: Path) -> None:
    """The number itself is missing."""
    told = seen(path, *(f"DELETE FROM {table} WHERE run_no = 2" for table in ("entries", "spine", "runs")))
    assert "Run number 2 is missing, and the spine does not tell of it." in told


def test_the_number_of_a_removed_run_is_not_used_again(path: Path) -> None:
    """Else the next run would close the hole."""
    tampered(path, "DELETE FROM entries WHERE run_no = 3", "DELETE FROM runs WHERE run_no = 3")
    store = SqliteStore.open(path)
    open_run(store, "r-new")
    assert wait(store.runs())[-1].run_no == 4
    wait(store.close())


def test_an_edited_spine_is_named_by_its_row(path: Path) -> None:
    """The link that a row tells of."""
    assert "Row 3 of the spine was changed" in seen(path, "UPDATE spine SET link = 'f' WHERE gseq = 3")


def test_changed_and_removed_material_is_named_by_its_entry(path: Path) -> None:
    """Content, salt, or the whole row; an honest erasing is no finding."""
    assert f"{RUN} 3 The material of this entry was changed" in seen(
        path, f"UPDATE blobs SET content = CAST('x' AS BLOB) WHERE digest = '{NOTE.digest}'"
    )
    assert f"{RUN} 3 The material of this entry is gone" in seen(
        path, f"DELETE FROM blobs WHERE digest = '{NOTE.digest}'"
    )


def test_erased_material_is_no_finding(path: Path) -> None:
    """The journal remembers that it was there."""
    store = SqliteStore.open(path)
    write(store, RUN, 6, MaterialErased((NOTE.digest,), (3,), "asked for"))
    wait(store.erase(NOTE.digest))
    wait(store.close())
    assert findings(path) == []


def test_a_renamed_run_is_found(path: Path) -> None:
    """Each line says whose it is."""
    told = seen(path, "UPDATE runs SET run = 'r-nobody' WHERE run_no = 2")
    assert f"r-nobody 1 The line belongs to another run, {OTHER}." in told


def test_two_runs_that_changed_places_are_found(path: Path) -> None:
    """Both are named."""
    told = seen(
        path,
        "UPDATE runs SET run = 'x' WHERE run_no = 2",
        f"UPDATE runs SET run = '{OTHER}' WHERE run_no = 3",
        f"UPDATE runs SET run = '{THIRD}' WHERE run_no = 2",
    )
    assert OTHER in told
    assert THIRD in told
    assert RUN not in told


def test_text_for_the_terminal_in_the_file_is_shown_as_escapes(path: Path) -> None:
    """Whoever writes the file can't write to the screen of whoever verifies it."""
    told = seen(
        path,
        "UPDATE runs SET run = 'r' || char(27) || '[2J' WHERE run_no = 1",
        "UPDATE entries SET line = CAST('{' || char(27) || char(10) AS BLOB) WHERE run_no = 2 AND seq = 2",
    )
    assert told
    assert "\x1b" not in told
