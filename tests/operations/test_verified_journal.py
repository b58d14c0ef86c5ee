"""`keys verify` as an operation, over a real journal that somebody has been at."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from runbook_keys.bootstrap import services
from runbook_keys.journal.blobs import seal
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.event import MaterialErased, NoteAdded, RunOpened, StepEntered
from runbook_keys.operations.record.verify import VerifyReport, verify
from runbook_keys.stores.sqlite import SqliteStore

T = TypeVar("T")
AT = datetime(2026, 11, 23, 3, 12, 45, tzinfo=UTC)
RUN = "r-20261123-0312-k7qm"
OTHER = "r-20261123-0313-a2bc"
NOTE = seal(b"a name", bytes(16))
PACK, INPUTS = seal(b"text", bytes(16)), seal(b"{}", bytes(range(16)))
OPENED = RunOpened("slug", "1.0.0", "p", PACK.digest, INPUTS.digest, {}, "S1", "incident")


def _wait(work: Coroutine[object, object, T]) -> T:
    return asyncio.run(work)


def _journal(home: Path) -> SqliteStore:
    store = SqliteStore.open(home / "journal.db")
    events = [OPENED, StepEntered("S1", 1), NoteAdded("S1", NOTE.digest)]
    _wait(store.append(RUN, 0, AT, DRIVER, events, [PACK, INPUTS, NOTE]))
    _wait(store.append(OTHER, 0, AT, DRIVER, [OPENED, StepEntered("S1", 1)]))
    return store


def _verified(home: Path, run: str = "") -> VerifyReport:
    async def body() -> VerifyReport:
        async with services(home=home) as opened:
            return await verify(opened, run)

    return _wait(body())


def _edited(home: Path, statement: str) -> None:
    connection = sqlite3.connect(home / "journal.db", isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.close()


def test_honestly_erased_material_is_no_damage(tmp_path: Path) -> None:
    """A person's wish to be forgotten does not make the record look tampered with."""
    store = _journal(tmp_path)
    _wait(store.append(RUN, 3, AT, DRIVER, [MaterialErased((NOTE.digest,), (3,), "asked for")]))
    _wait(store.erase(NOTE.digest))
    _wait(store.close())
    assert _verified(tmp_path).damages == _verified(tmp_path, RUN).damages == ()


def test_material_that_somebody_erased_past_keys_is_named(tmp_path: Path) -> None:
    """Without an entry that says by whom and why it is damage; announced but put back, it is told too."""
    store = _journal(tmp_path)
    _wait(store.erase(NOTE.digest))
    _wait(store.append(OTHER, 2, AT, DRIVER, [MaterialErased((PACK.digest,), (1,), "asked for")]))
    _wait(store.close())
    put_back = f"salt = x'{PACK.salt.hex()}', content = x'{PACK.content.hex()}'"
    _edited(tmp_path, f"UPDATE blobs SET {put_back} WHERE digest = '{PACK.digest}'")
    found = [(damage.run, damage.seq, damage.what) for damage in _verified(tmp_path).damages]
    assert (RUN, 3, "The material of this entry was erased, and no entry says by whom.") in found
    assert (
        OTHER,
        1,
        "An entry says that its material was erased; it is still here. Erase it again.",
    ) in found


def test_material_that_is_merely_gone_is_named_with_its_entry(tmp_path: Path) -> None:
    """Both for the journal and for the run; another run is not concerned."""
    _wait(_journal(tmp_path).close())
    _edited(tmp_path, f"DELETE FROM blobs WHERE digest = '{NOTE.digest}'")
    found = _verified(tmp_path).damages
    assert [(damage.run, damage.seq) for damage in found] == [(RUN, 3)]
    assert _verified(tmp_path, RUN).damages == found
    assert _verified(tmp_path, OTHER).damages == ()


def test_a_run_whose_last_entries_were_cut_off_is_seen_without_the_others(tmp_path: Path) -> None:
    """The run's own chain still fits; the spine remembers what followed."""
    _wait(_journal(tmp_path).close())
    _edited(tmp_path, "DELETE FROM entries WHERE run_no = 1 AND seq = 3")
    assert [damage.run for damage in _verified(tmp_path, RUN).damages] == [RUN]
    assert _verified(tmp_path, OTHER).damages == ()


def test_a_run_without_any_entry_is_damage_and_no_crash(tmp_path: Path) -> None:
    """Somebody removed all of it: the report says so."""
    _wait(_journal(tmp_path).close())
    _edited(tmp_path, "DELETE FROM entries WHERE run_no = 1")
    report = _verified(tmp_path, RUN)
    assert (report.entries, report.head) == (0, "")
    assert report.damages
