"""Signers and small journals for the tests of this folder."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from runbook_keys.bootstrap import services
from runbook_keys.config import Config
from runbook_keys.journal.blobs import seal
from runbook_keys.journal.chain import GENESIS, SPINE_START, extend
from runbook_keys.journal.checkpoint import read_note
from runbook_keys.journal.checkpoint_check import Signed, check_checkpoints, verifier_of
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.entry import RunHead
from runbook_keys.model.event import (
    AnyEvent,
    ApprovalGranted,
    AttemptStarted,
    NoteAdded,
    RunEnded,
    RunOpened,
    StepEntered,
)
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import Ending, SafetyClass
from runbook_keys.operations.record.checkpoints import CheckpointMade, change_key, make_checkpoint
from runbook_keys.operations.record.declare import declarable, declare
from runbook_keys.operations.record.verify import VerifyReport, verify
from runbook_keys.ports import JournalStore
from runbook_keys.stores.notary import Notary
from runbook_keys.stores.sqlite import SqliteStore
from runbook_keys.system.signing import FolderSigner

T = TypeVar("T")
NOBODY = 65534
AT = datetime(2026, 11, 23, 3, 12, 45, 123000, tzinfo=UTC)
RUN = "r-20261123-0312-k7qm"
OTHER = "r-20261123-0313-a2bc"
PACK, INPUTS = seal(b"text", bytes(16)), seal(b"{}", bytes(range(16)))
OPENED = RunOpened("slug", "1.0.0", "p", PACK.digest, INPUTS.digest, {}, "S1", "incident")
APPROVED = ApprovalGranted("A1", Role.WORK, 1, "b", "2026-11-23T03:27:45.123Z")
ENDED = RunEnded(Ending.RESOLVED)


def wait(work: Coroutine[object, object, T]) -> T:
    """Run one call to its end."""
    return asyncio.run(work)


def entered(visit: int) -> AnyEvent:
    """An event that can be told from others by its number."""
    return StepEntered("D1", visit)


def started(safety: SafetyClass) -> AnyEvent:
    """The intent of an attempt of this class."""
    return AttemptStarted("A1", Role.WORK, 1, safety, "bash", "", "")


def signed_store(home: Path) -> SqliteStore:
    """The journal in `home`, signed by the key in `home`."""
    return SqliteStore.open(home / "journal.db", notary=Notary(FolderSigner(home / "signing")))


def write(store: JournalStore, run: str, after_seq: int, *events: AnyEvent, minutes: int = 0) -> int:
    """Append events, so many minutes after AT; the number of the last one."""
    at = AT + timedelta(minutes=minutes)
    return wait(store.append(run, after_seq, at, DRIVER, events, [PACK, INPUTS])).seq


def three_runs(home: Path) -> None:
    """Three runs of four entries, each with checkpoints at its opening and its end."""
    store = signed_store(home)
    for number in range(3):
        write(store, f"r-{number}", 0, OPENED, entered(1))
        write(store, f"r-{number}", 2, entered(2), ENDED)
    wait(store.close())


def reasons(store: JournalStore) -> list[str]:
    """Why each checkpoint of the store was made."""
    return [read_note(each.note).why for each in wait(store.checkpoints())]


def checked(home: Path) -> Signed:
    """What the checkpoints of the journal in `home` show."""
    store, signer = SqliteStore.open(home / "journal.db"), FolderSigner(home / "signing")
    found = check_checkpoints(
        wait(store.checkpoints()), wait(store.spine()), verifier_of(signer, signer.public_keys())
    )
    wait(store.close())
    return found


def told(damages: Sequence[object]) -> str:
    """All findings as one text."""
    return "\n".join(getattr(each, "what", str(each)) for each in damages)


def edit(home: Path, *statements: str) -> None:
    """Do to the file what only somebody who knows SQLite does: drop the triggers, then change what you like."""
    connection = sqlite3.connect(home / "journal.db", isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def rewritten(home: Path) -> None:
    """Change the second entry and compute every link anew, as somebody without the key can."""
    edit(
        home,
        "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), '\"visit\":1', '\"visit\":7') AS BLOB) "
        "WHERE run_no = 2 AND seq = 2",
    )
    connection = sqlite3.connect(home / "journal.db", isolation_level=None)
    rows = connection.execute(
        "SELECT s.gseq, s.run_no, s.rseq, CAST(e.line AS BLOB) FROM spine s JOIN entries e "
        "ON e.run_no = s.run_no AND e.seq = s.rseq ORDER BY s.gseq"
    ).fetchall()
    end, heads = SPINE_START, {}
    for gseq, run_no, rseq, line in rows:
        head = heads.get(run_no, RunHead("r", run_no, 0, GENESIS))
        extension = extend(head, end, [line])
        end, heads[run_no] = extension.spine[-1], extension.head()
        connection.execute(
            "UPDATE entries SET link = ? WHERE run_no = ? AND seq = ?", (end.link, run_no, rseq)
        )
        connection.execute(
            "UPDATE spine SET link = ?, spine_link = ? WHERE gseq = ?", (end.link, end.spine_link, gseq)
        )
    connection.close()


def noted(store: JournalStore, text: bytes) -> str:
    """A run of one note; the digest of its material."""
    blob = seal(text, b"0123456789abcdef")
    write(store, RUN, 0, OPENED)
    wait(store.append(RUN, 1, AT, DRIVER, [NoteAdded("S1", blob.digest)], [blob]))
    return blob.digest


def verified(home: Path, run: str = "", kept: bytes = b"") -> VerifyReport:
    """What `keys verify` reports of the journal in `home`."""

    async def body() -> VerifyReport:
        async with services(home=home) as opened:
            return await verify(opened, run, kept)

    return wait(body())


def made(home: Path, new_key: str = "") -> CheckpointMade:
    """What `keys checkpoint` makes in `home`."""

    async def body() -> CheckpointMade:
        async with services(home=home) as opened:
            return await (change_key(opened, new_key) if new_key else make_checkpoint(opened))

    return wait(body())


def open_another(home: Path, run: str = OTHER) -> None:
    """A new run in the journal of `home`."""
    store = signed_store(home)
    try:
        write(store, run, 0, OPENED, entered(1))
    finally:
        wait(store.close())


def declared(home: Path, kept: bytes = b"", reason: str = "backup restored") -> int:
    """Declare all that is found; the number of the checkpoint."""

    async def work() -> int:
        async with services({"PATH": "/usr/bin:/bin"}, home=home, config=Config()) as opened:
            return (await declare(opened, await declarable(opened, kept), reason)).no

    return wait(work())


@contextmanager
def without_rights() -> Iterator[None]:
    """What follows is done under a login without rights; root gives its own up for so long."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
