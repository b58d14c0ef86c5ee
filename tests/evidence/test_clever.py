"""A journal edited by somebody clever: every link computed anew, checkpoints taken away, tables exchanged."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
from a_journal import ESCALATED, Journal
from bundles import exported
from keyring import AT, OPENED, RUN, edit, entered, rewritten, signed_store, told, verified, wait, write

from runbook_keys.errors import JournalDamaged, JournalUnavailable, KeysError
from runbook_keys.journal.chain import GENESIS, link
from runbook_keys.model.actor import DRIVER
from runbook_keys.operations.recorded import find_run, reopen, undamaged
from runbook_keys.operations.services import Services
from runbook_keys.stores.sqlite import SqliteStore
from whole_journal import damages_in


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """Three runs; the third one is under way."""
    made = Journal(tmp_path / "home")
    made.install()
    made.run(*ESCALATED)
    made.run(*ESCALATED)
    made.run()
    return made


def names(journal: Journal) -> list[str]:
    """The journal's runs."""

    async def body(services: Services) -> list[str]:
        return [head.run for head in await services.store.runs()]

    return journal.do(body)


def chained_anew(home: Path, run_no: int) -> None:
    """Change who opened a run and compute its links anew, leaving the spine as it is."""
    edit(
        home,
        "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), 'anna', 'nina') AS BLOB) "
        f"WHERE run_no = {run_no}",
    )
    connection = sqlite3.connect(home / "journal.db", isolation_level=None)
    end = GENESIS
    rows = connection.execute("SELECT seq, line FROM entries WHERE run_no = ? ORDER BY seq", (run_no,))
    for seq, line in rows.fetchall():
        end = link(end, line)
        connection.execute("UPDATE entries SET link = ? WHERE run_no = ? AND seq = ?", (end, run_no, seq))
    connection.close()


def reopened(journal: Journal, run: str) -> None:
    """What `keys resume` does first."""

    async def body(services: Services) -> None:
        await reopen(services, await find_run(services, run))

    journal.do(body)


def looked_through(journal: Journal, run: str) -> None:
    """What it looks at before it asks for values."""

    async def body(services: Services) -> None:
        await undamaged(services, await find_run(services, run))

    journal.do(body)


def test_a_run_under_way_whose_end_was_cut_off_is_not_resumed(journal: Journal) -> None:
    """Its chain is whole in itself; what was cut off may be the intent of a change that was made."""
    run = names(journal)[2]
    edit(journal.home, "DELETE FROM entries WHERE run_no = 3 AND seq = 2")
    with pytest.raises(JournalDamaged, match="Entry 2 is missing"):
        reopened(journal, run)


def test_a_run_under_way_whose_links_were_computed_anew_is_not_resumed(journal: Journal) -> None:
    """The spine tells of other links."""
    chained_anew(journal.home, 3)
    with pytest.raises(JournalDamaged, match="not the one that the spine tells of"):
        reopened(journal, names(journal)[2])


def test_a_run_is_resumed_though_another_was_edited(journal: Journal) -> None:
    """An incident is not stopped by what somebody did to an older record."""
    edit(journal.home, "DELETE FROM entries WHERE run_no = 1 AND seq = 2")
    looked_through(journal, names(journal)[2])


def test_a_run_under_way_that_was_rewritten_with_the_spine_is_not_resumed(journal: Journal) -> None:
    """Every link fits again; the checkpoint of its opening tells of it differently."""
    edit(
        journal.home,
        "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), 'anna', 'nina') AS BLOB) WHERE run_no = 3",
    )
    rewritten(journal.home)
    with pytest.raises(JournalDamaged, match=r"Checkpoint \d+ tells of it differently"):
        looked_through(journal, names(journal)[2])


def test_a_file_that_was_rewritten_row_by_row_does_not_keep_a_run_from_going_on(journal: Journal) -> None:
    """Another program may number the rows otherwise; the spine is then read from its beginning."""
    edit(journal.home, "UPDATE entries SET rowid = 1000 - rowid")
    looked_through(journal, names(journal)[2])
    assert verified(journal.home).damages == ()


@pytest.mark.parametrize(
    "statement", ["DELETE FROM entries WHERE run_no = 2 AND seq > 2", "DELETE FROM spine WHERE run_no = 2"]
)
def test_a_run_that_was_cut_is_not_exported(journal: Journal, statement: str) -> None:
    """Half of a record would be whole in itself, and signed."""
    edit(journal.home, "PRAGMA foreign_keys = OFF", statement)
    with pytest.raises(JournalDamaged, match="It is not exported"):
        exported(journal.home, names(journal)[1])


def test_a_run_that_was_chained_anew_is_not_exported(journal: Journal) -> None:
    """Nothing gets our signature that our own check would refuse."""
    chained_anew(journal.home, 2)
    with pytest.raises(JournalDamaged, match="It is not exported"):
        exported(journal.home, names(journal)[1])


def test_a_journal_that_was_rewritten_with_its_spine_is_not_exported(journal: Journal) -> None:
    """The checkpoint does not fit any more."""
    edit(
        journal.home,
        "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), 'anna', 'nina') AS BLOB) WHERE run_no = 2",
    )
    rewritten(journal.home)
    with pytest.raises(
        JournalDamaged, match=r"Checkpoint \d+ tells of it differently: it was rewritten.*not exported"
    ):
        exported(journal.home, names(journal)[1])


def test_checkpoints_that_were_all_taken_away_are_damage(journal: Journal) -> None:
    """Whoever lacks the key could rewrite everything then."""
    rewritten(journal.home)
    edit(journal.home, "DELETE FROM checkpoints")
    report = verified(journal.home)
    assert "There is a signing key, and no checkpoint" in told(report.damages)
    assert report.alarm is not None


def test_an_end_that_was_written_anew_and_left_unsigned_is_named(journal: Journal) -> None:
    """KEYS never leaves an opening, an approval or an end without a checkpoint."""
    edit(journal.home, "DELETE FROM checkpoints WHERE no > 2")
    found = verified(journal.home).damages
    assert [(each.run, each.seq) for each in found] == [(run, 1) for run in names(journal)[1:]]
    assert "there is none: it was removed" in told(found)


def test_a_later_checkpoint_does_not_heal_an_end_that_was_written_anew(journal: Journal) -> None:
    """KEYS signs whatever stands there; that these entries came without is seen all the same."""
    edit(journal.home, "DELETE FROM checkpoints WHERE no > 2")
    journal.run()
    assert [each.seq for each in verified(journal.home).damages] == [1, 1]


def test_a_first_checkpoint_that_was_made_late_is_told(journal: Journal) -> None:
    """So it is in a journal of an older KEYS, and where somebody took away all before it."""
    edit(journal.home, "DELETE FROM checkpoints")
    journal.run()
    report = verified(journal.home)
    assert report.damages == ()
    assert "entries are older than the first checkpoint" in told(report.notices)


def test_a_run_that_is_only_a_name_is_named(journal: Journal) -> None:
    """The next number, so that no number is missing; the spine tells of nothing."""
    edit(journal.home, "INSERT INTO runs (run_no, run) VALUES (4, 'r-20261123-0312-k7qm')")
    (found,) = verified(journal.home).damages
    assert (found.code, found.run, found.facts) == ("run-empty", RUN, {"number": 4})


def test_entries_without_a_run_are_named(journal: Journal) -> None:
    """Nobody would be shown them, and whoever reads the file with another program is."""
    add = "INSERT INTO entries (run_no, seq, line, link) SELECT {0}, seq, line, link FROM entries WHERE run_no = 2"
    edit(journal.home, "PRAGMA foreign_keys = OFF", add.format(7), add.format("'x'"))
    found = verified(journal.home).damages
    assert [(each.code, each.facts["number"]) for each in found] == [
        ("entries-unlisted", 0),
        ("entries-unlisted", 7),
    ]


def test_a_run_whose_name_was_removed_is_told_once(journal: Journal) -> None:
    """The spine tells of its entries, so they are no strangers."""
    edit(journal.home, "PRAGMA foreign_keys = OFF", "DELETE FROM runs WHERE run_no = 2")
    assert [each.code for each in verified(journal.home).damages] == ["run-missing"]


STRANGE = {
    "a view in the place of a table": (
        "ALTER TABLE spine RENAME TO kept",
        "CREATE VIEW spine AS SELECT * FROM kept WHERE strftime('%H', 'now') >= '00'",
    ),
    "a trigger that forgets": ("CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM blobs; END",),
    "a trigger that refuses nothing": (
        "DROP TRIGGER IF EXISTS entries_are_never_changed",
        "CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries BEGIN SELECT 1; END",
    ),
    "a computed column": ("ALTER TABLE entries ADD COLUMN shown TEXT GENERATED ALWAYS AS ('x') VIRTUAL",),
    "one more table": ("CREATE TABLE more (x)",),
    "one more index": ("CREATE INDEX more ON spine (link)",),
}


@pytest.mark.parametrize("what", STRANGE)
def test_a_file_of_another_shape_is_named_and_takes_no_new_run(journal: Journal, what: str) -> None:
    """What it shows to whoever verifies need not be what it shows to whoever reads."""
    edit(journal.home, *STRANGE[what])
    with pytest.raises(JournalUnavailable, match="in the journal's file is not as KEYS makes it"):
        journal.run()
    assert "not as KEYS makes it" in told(verified(journal.home).damages)


def test_triggers_that_are_gone_are_told(journal: Journal) -> None:
    """No damage by itself: the chain is what protects."""
    edit(journal.home)
    report = verified(journal.home)
    assert (report.damages, report.alarm) == ((), None)
    assert "opened this file with another program" in told(report.notices)
    assert "entries_are_never_changed" in told(report.notices)


def test_what_is_appended_while_somebody_verifies_is_no_damage(tmp_path: Path) -> None:
    """All is read as of one moment: else a nightly look would close the journal to new runs."""
    store, other = signed_store(tmp_path), SqliteStore.open(tmp_path / "journal.db")
    last = write(store, RUN, 0, OPENED, entered(1))

    async def body() -> int:
        with other.snapshot():
            before = await other.entries(RUN)
            await store.append(RUN, last, AT, DRIVER, [entered(2)])
            rows = await other.spine()
        return len(rows) - len(before)

    assert asyncio.run(body()) == 0
    assert wait(damages_in(other)) == []


ODD = ("NULL", "'x'", "x'ff00fe'", "-1", "9223372036854775807", "77.5")
COLUMNS = [
    *(("entries", column, "run_no = 2 AND seq = 3") for column in ("seq", "line", "link")),
    *(("spine", column, "gseq = 5") for column in ("run_no", "rseq", "link", "spine_link")),
    *(("checkpoints", column, "no = 2") for column in ("no", "gseq", "note")),
    *(("runs", column, "run_no = 2") for column in ("run_no", "run")),
    *(("blobs", column, "rowid = 2") for column in ("digest", "salt", "content")),
]


@pytest.mark.parametrize(("table", "column", "row"), COLUMNS)
def test_a_column_of_another_type_is_named_and_breaks_nothing(
    journal: Journal, table: str, column: str, row: str
) -> None:
    """SQLite takes any type in any column: what is read of it does not fit, and never ends in a fault of ours."""
    second, whole, changed = names(journal)[1], (journal.home / "journal.db").read_bytes(), 0
    for odd in ODD:
        (journal.home / "journal.db").write_bytes(whole)
        try:
            edit(
                journal.home,
                "PRAGMA ignore_check_constraints = ON",
                f"UPDATE {table} SET {column} = {odd} WHERE {row}",
            )
        except sqlite3.IntegrityError:
            continue
        changed += 1
        assert verified(journal.home).damages != (), odd
        with suppress(KeysError):
            exported(journal.home, second)
    assert changed
