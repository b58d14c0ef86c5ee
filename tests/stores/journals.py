"""Small journals for the tests of this folder, and a look at what a file really holds."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from runbook_keys.journal.blobs import seal
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.entry import Damage
from runbook_keys.model.event import AnyEvent, NoteAdded, RunOpened, StepEntered
from runbook_keys.operations.record.look_through import look_through
from runbook_keys.ports import JournalStore
from runbook_keys.stores.sqlite import SqliteStore

T = TypeVar("T")
AT = datetime(2026, 11, 23, 3, 12, 45, 123000, tzinfo=UTC)
RUN = "r-20261123-0312-k7qm"
OTHER = "r-20261123-0313-a2bc"
PACK = seal(b"the text of the pack", bytes(16))
INPUTS = seal(b"the values", bytes(16))
NOTE = seal(b"a note with a name in it", bytes(range(16)))
OPENED = RunOpened("slug", "1.0.0", "p", PACK.digest, INPUTS.digest, {}, "S1", "incident")
NOTED = NoteAdded("S1", NOTE.digest)


def wait(work: Coroutine[object, object, T]) -> T:
    """Run one call of a store to its end."""
    return asyncio.run(work)


def entered(visit: int) -> AnyEvent:
    """An event that can be told from others by its number."""
    return StepEntered("D1", visit)


def open_run(store: JournalStore, run: str = RUN) -> int:
    """A run of two entries; the sequence number of the last one."""
    return wait(store.append(run, 0, AT, DRIVER, [OPENED, entered(1)], [PACK, INPUTS])).seq


def write(store: JournalStore, run: str, after_seq: int, *events: AnyEvent) -> int:
    """Append events; the sequence number of the last one."""
    return wait(store.append(run, after_seq, AT, DRIVER, events)).seq


def findings(path: Path) -> list[Damage]:
    """What does not verify in the file, read by a store that has done nothing else."""
    store = SqliteStore.open(path)
    try:
        return wait(_looked_through(store))
    finally:
        wait(store.close())


async def _looked_through(store: SqliteStore) -> list[Damage]:
    with store.snapshot():
        return (await look_through(store, await store.runs(), lambda *_: None)).damages


def tampered(path: Path, *statements: str) -> None:
    """Do to the file what only somebody who knows SQLite does: drop the triggers, then change what you like."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()
