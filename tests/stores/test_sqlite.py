"""The SQLite file: who may read it, what it refuses, how it is opened by several at once."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from journals import AT, INPUTS, NOTE, NOTED, OTHER, PACK, RUN, entered, findings, open_run, wait, write

from runbook_keys.errors import JournalDamaged, JournalUnavailable
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.event import MaterialErased
from runbook_keys.stores import making, schema
from runbook_keys.stores.sqlite import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where no journal is yet."""
    return tmp_path / "state" / "keys" / "journal.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """A journal with one run of two entries."""
    made = SqliteStore.open(path)
    open_run(made)
    yield made
    wait(made.close())


def test_only_the_owner_may_read_the_journal(store: SqliteStore, path: Path) -> None:
    """The file, its log, its index and its folder, whatever the umask says."""
    assert path.parent.stat().st_mode & 0o777 == 0o700
    files = [file for file in path.parent.iterdir() if file.is_file()]
    assert {file.name for file in files} == {"journal.db", "journal.db-wal", "journal.db-shm"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_every_append_is_flushed_and_every_erasing_overwrites(store: SqliteStore) -> None:
    """What the disk is asked for does not depend on how this machine's SQLite was built."""
    connection = store._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert connection.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_a_journal_goes_on_where_it_was_left(store: SqliteStore, path: Path) -> None:
    """Closed and opened again, the chain continues."""
    wait(store.close())
    again = SqliteStore.open(path)
    write(again, RUN, 2, entered(2))
    assert open_run(again, OTHER) == 2
    wait(again.close())
    assert findings(path) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE runs SET run = 'r-x'",
        "DELETE FROM runs",
        "UPDATE entries SET line = CAST('x' AS BLOB)",
        "UPDATE entries SET seq = 9 WHERE seq = 2",
        "DELETE FROM entries",
        "REPLACE INTO entries SELECT * FROM entries",
        "UPDATE spine SET link = ''",
        "DELETE FROM spine",
        "REPLACE INTO spine SELECT * FROM spine",
        "UPDATE blobs SET content = CAST('x' AS BLOB)",
        "UPDATE blobs SET digest = 'x', salt = NULL, content = NULL",
        "DELETE FROM blobs",
        "REPLACE INTO blobs SELECT * FROM blobs",
        "INSERT INTO spine VALUES (9, 1, 9, '', '')",
        "INSERT INTO entries VALUES (7, 1, CAST('x' AS BLOB), '')",
        "INSERT INTO entries VALUES (1, 3, 'text', '')",
    ],
)
def test_an_accident_can_not_change_what_was_written(store: SqliteStore, path: Path, statement: str) -> None:
    """Only adding is possible; the triggers and constraints refuse the rest."""
    with pytest.raises(sqlite3.IntegrityError):
        store._connection.execute(statement)
    wait(store.close())
    assert findings(path) == []


def test_the_schema_is_the_sum_of_its_migrations() -> None:
    """The page to read and the steps to run say the same."""
    whole, steps = sqlite3.connect(":memory:"), sqlite3.connect(":memory:")
    whole.executescript(Path(schema.__file__).with_name("schema.sql").read_text(encoding="utf-8"))
    for migration in schema.MIGRATIONS:
        steps.executescript(migration.read_text(encoding="utf-8"))
    query = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    assert whole.execute(query).fetchall() == steps.execute(query).fetchall() != []
    whole.close()
    steps.close()


def test_a_journal_of_a_newer_release_is_refused_and_left_alone(store: SqliteStore, path: Path) -> None:
    """It may hold what this release would misread."""
    wait(store.close())
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalUnavailable, match=r"newer KEYS .*Upgrade KEYS"):
        SqliteStore.open(path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    """Nothing is added to somebody else's file."""
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalUnavailable, match="another program"):
        SqliteStore.open(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_told_as_damaged(path: Path) -> None:
    """And it is left as it is."""
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database" * 400)
    with pytest.raises(JournalDamaged, match="restore a backup"):
        SqliteStore.open(path)
    assert path.read_bytes() == b"not a database" * 400


def test_a_place_where_no_journal_can_be_is_told(tmp_path: Path) -> None:
    """The folder is a file, or the file is a folder."""
    (tmp_path / "file").write_bytes(b"")
    for place in (tmp_path / "file" / "journal.db", tmp_path):
        with pytest.raises(JournalUnavailable, match=str(tmp_path)):
            SqliteStore.open(place)


def test_an_overwritten_page_is_told_as_damaged(store: SqliteStore, path: Path) -> None:
    """A broken file says so, in words, on reading and on writing."""
    write(store, RUN, 2, *map(entered, range(100)))
    wait(store.close())
    data = bytearray(path.read_bytes())
    half = len(data) // 2
    data[half:] = b"\xff" * half
    path.write_bytes(data)
    broken = SqliteStore.open(path)
    with pytest.raises(JournalDamaged, match="damaged"):
        wait(broken.entries(RUN))
    with pytest.raises(JournalDamaged, match="damaged"):
        write(broken, RUN, 102, entered(2))
    wait(broken.close())


def test_erased_material_is_nowhere_in_the_files(store: SqliteStore, path: Path) -> None:
    """Neither in the database nor in its log, though it was moved about by many appends; its neighbours stay."""
    wait(store.append(RUN, 2, AT, DRIVER, [NOTED], [NOTE]))
    for after in range(3, 400):
        write(store, RUN, after, entered(after))
    before = b"".join(file.read_bytes() for file in path.parent.glob("journal.db*"))
    assert NOTE.content in before
    write(store, RUN, 400, MaterialErased((NOTE.digest,), (3,), "asked for"))
    wait(store.erase(NOTE.digest))
    after_it = b"".join(file.read_bytes() for file in path.parent.glob("journal.db*"))
    assert NOTE.content not in after_it
    assert NOTE.salt not in after_it
    assert PACK.content in after_it
    assert wait(store.blob(INPUTS.digest)) == INPUTS.content
    wait(store.close())
    assert findings(path) == []


OPENER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from journals import open_run
from runbook_keys.stores.sqlite import SqliteStore

print("ready", flush=True)
input()
open_run(SqliteStore.open(Path(sys.argv[1])), sys.argv[2])
"""


@pytest.mark.parametrize("round_number", range(3))
def test_twenty_processes_may_open_a_new_journal_at_once(path: Path, round_number: int) -> None:
    """One of them makes it, each of them writes its run, and no number is used twice."""
    here = str(Path(__file__).parent)
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, str(path), f"r-{number}", here],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(20)
    ]
    for opener in openers:
        assert opener.stdout
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin
        opener.stdin.write("\n")
        opener.stdin.flush()
    assert [opener.communicate(timeout=60)[1] for opener in openers] == [""] * 20
    assert findings(path) == []


def test_a_journal_that_another_process_is_making_is_waited_for_and_then_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A maker that hangs keeps nobody for ever."""
    monkeypatch.setattr(making, "BUSY_SECONDS", 0.05)
    path.parent.mkdir(parents=True)
    folder = os.open(path.parent, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with pytest.raises(JournalUnavailable, match="Another program has kept the journal locked"):
        SqliteStore.open(path)
    os.close(folder)
    wait(SqliteStore.open(path).close())


def test_a_reader_sees_the_journal_while_another_process_writes(store: SqliteStore, path: Path) -> None:
    """A second terminal can show a run that is being driven, and sees whole appends only."""
    reader = SqliteStore.open(path)
    store._connection.execute("BEGIN IMMEDIATE")
    assert len(wait(reader.entries(RUN))) == 2
    store._connection.execute("ROLLBACK")
    write(store, RUN, 2, entered(2), entered(3))
    assert len(wait(reader.entries(RUN))) == 4
    wait(reader.close())


def test_a_journal_that_another_program_keeps_locked_is_told_and_may_be_tried_again(
    store: SqliteStore, path: Path
) -> None:
    """Nothing was written, so trying again is safe; this is not a broken disk."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store._connection.execute("PRAGMA busy_timeout = 20")
    with pytest.raises(JournalUnavailable, match=r"locked .*Try again"):
        write(store, RUN, 2, entered(2))
    other.execute("ROLLBACK")
    other.close()
    assert write(store, RUN, 2, entered(2)) == 3
