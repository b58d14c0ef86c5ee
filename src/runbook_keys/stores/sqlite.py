"""The journal in one SQLite file on a local disk: WAL, `synchronous=FULL`, one short transaction per append.

The calls run in the caller's thread although they are `async`. An append takes as long as the disk's flush (0.15 to
0.3 ms); a thread of its own would add a third to that, while the driver can't go on before the answer anyway.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import chain, groupby
from pathlib import Path

from runbook_keys.errors import KeysError
from runbook_keys.journal.blobs import is_whole
from runbook_keys.journal.chain import GENESIS, SPINE_START, Extension, extend
from runbook_keys.journal.damages import strange_things
from runbook_keys.journal.lines import instant
from runbook_keys.model.actor import Actor
from runbook_keys.model.entry import (
    Alarm,
    Blob,
    Checkpoint,
    Declaration,
    RunHead,
    SpineRow,
    StoredEntry,
    Strange,
)
from runbook_keys.model.event import AnyEvent
from runbook_keys.stores import failures, schema
from runbook_keys.stores.alarms import FileAlarm, closed_by
from runbook_keys.stores.appending import check_fence, erased_by, lines_after
from runbook_keys.stores.claims import FileClaim
from runbook_keys.stores.connecting import connected, make_private
from runbook_keys.stores.names import changed_material, checked, no_material, not_found
from runbook_keys.stores.notary import Notary, Standing, misfit
from runbook_keys.stores.queries import batches, named, snapshot, transaction

_QUERIES = named(Path(__file__).with_name("sqlite.sql"))


class SqliteStore:
    """A JournalStore over one file. Make one with `open`; use it from one thread."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        factory: type[sqlite3.Connection],
        notary: Notary | None = None,
    ) -> None:
        self._notary = notary
        self._path = path
        self._connection = connection
        self._factory = factory
        self._alarm = FileAlarm(path.with_suffix(".alarm"))
        self._failure: KeysError | None = None

    @classmethod
    def open(
        cls,
        path: Path,
        factory: type[sqlite3.Connection] = sqlite3.Connection,
        notary: Notary | None = None,
    ) -> SqliteStore:
        """The store in the file `path`, made with mode 0600 (its folder 0700) if there is none.

        Raises JournalUnavailable or JournalDamaged. `factory` makes the connection; drills pass one that fails.
        Without a `notary` no checkpoints are made.
        """
        try:
            make_private(path)
        except OSError as error:
            raise failures.of_making(error, path) from error
        try:
            connection = connected(path, factory)
        except sqlite3.Error as error:
            raise failures.of_reading(error, path) from error
        return cls(path, connection, factory, notary)

    async def append(
        self,
        run: str,
        after_seq: int,
        at: datetime,
        actor: Actor,
        events: Sequence[AnyEvent],
        blobs: Sequence[Blob] = (),
    ) -> RunHead:
        """Add `events` after entry `after_seq` (0 opens the run), with `blobs`; durable when it returns, or not there.

        Raises RunTaken when `after_seq` is no longer the head, RunNotFound for an unknown run, JournalUnavailable when
        it can't be written, or when a run is to be opened while an alarm stands. After a failed write this store takes
        nothing more: what a disk that failed once says about a second try can't be believed.
        """
        self._refuse_after_failure()
        lines = lines_after(run, after_seq, at, actor, events)
        extension: Extension | None = None
        try:
            with transaction(self._connection):
                head = self._fenced_head(run, after_seq)
                if after_seq == 0:
                    self._refuse_on_alarm(at)
                extension = extend(head, self._spine_end(), lines)
                self._insert(head, extension, blobs)
                for digest in erased_by(events):
                    self._connection.execute(_QUERIES["erase_blob"], (digest,))
                made = self._add_due_checkpoint(extension, at, events)
        except sqlite3.Error as error:
            raise self._give_up(error, run, extension) from error
        self._remember(made, at)
        return extension.head()

    async def entries(self, run: str) -> list[StoredEntry]:
        """The run's entries in order; none where somebody removed them all. Raises RunNotFound."""
        with self._reading():
            rows = self._connection.execute(_QUERIES["entries"], (run,)).fetchall()
            is_known = rows or self._connection.execute(_QUERIES["head"], (run,)).fetchone()
        if not is_known:
            raise not_found(checked(run))
        return [StoredEntry(run, *row) for row in rows]

    async def runs(self) -> list[RunHead]:
        """Where every run stands, by run number."""
        with self._reading():
            rows = self._connection.execute(_QUERIES["runs"]).fetchall()
        return [RunHead(run, run_no, seq or 0, link or GENESIS) for run, run_no, seq, link in rows]

    async def unlisted(self) -> dict[int, int]:
        """How many entries there are under each number that no run has."""
        with self._reading():
            return dict(self._connection.execute(_QUERIES["unlisted"]).fetchall())

    async def spine(self) -> list[SpineRow]:
        """The whole spine in order."""
        with self._reading():
            return [SpineRow(*row) for row in self._connection.execute(_QUERIES["spine"])]

    async def spine_row(self, gseq: int) -> SpineRow | None:
        """One row, if there is one of this number."""
        with self._reading():
            return self._spine_row(gseq)

    async def spine_batches(self) -> AsyncIterator[list[SpineRow]]:
        """The whole spine in order, some rows at a time."""
        with self._reading():
            for rows in batches(self._connection, _QUERIES["spine"]):
                yield [SpineRow(*row) for row in rows]

    async def spine_by_run(self) -> AsyncIterator[list[SpineRow]]:
        """The rows of each run, by run number. SQLite sorts them in a temporary file of its own."""
        with self._reading():
            rows = chain.from_iterable(batches(self._connection, _QUERIES["spine_by_run"]))
            for _, of_run in groupby((SpineRow(*row) for row in rows), lambda row: row.run_no):
                yield list(of_run)

    async def spine_of(self, run_no: int) -> list[SpineRow]:
        """The rows of one run in order."""
        with self._reading():
            return [SpineRow(*row) for row in self._connection.execute(_QUERIES["spine_of"], (run_no,))]

    async def spine_ends(self) -> list[SpineRow]:
        """Of each run the row of its highest number, by run number."""
        with self._reading():
            return [SpineRow(*row) for row in self._connection.execute(_QUERIES["spine_ends"])]

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read within is of one moment, whatever other processes append meanwhile. Write nothing within."""
        with self._reading(), snapshot(self._connection):
            yield

    async def strange(self) -> Strange:
        """What the file holds, or lacks, that KEYS did not make so."""
        with self._reading():
            return schema.strange(self._connection)

    async def blob(self, digest: str) -> bytes | None:
        """The content, or None if it was erased. Raises JournalDamaged for what was never stored or was changed."""
        sealed = await self.sealed(digest)
        return sealed.content if sealed else None

    async def sealed(self, digest: str) -> Blob | None:
        """The same with its salt, which whoever checks the digest needs."""
        with self._reading():
            row = self._connection.execute(_QUERIES["blob"], (digest,)).fetchone()
        if row is None:
            raise no_material(digest)
        salt, content = row
        if content is None:
            return None
        found = Blob(digest, bytes(salt), bytes(content))
        if not is_whole(found):
            raise changed_material(digest)
        return found

    async def held(self, digest: str) -> list[Blob | None]:
        """What lies under this digest, as it is: one blob, or None for one that was erased; more only in a damaged file."""
        with self._reading():
            rows = self._connection.execute(_QUERIES["held"], (digest, digest.encode("utf-8")))
            return [None if content is None else Blob(digest, salt, content) for salt, content in rows]

    async def erased(self) -> list[str]:
        """The digests of the blobs that were erased."""
        with self._reading():
            return [digest for (digest,) in self._connection.execute(_QUERIES["erased"])]

    async def erase(self, digest: str) -> None:
        """Overwrite a blob's content and salt; its digest stays, and so does the chain.

        What an appended entry says is erased is overwritten already; here the write-ahead log is emptied as well. Copies and backups of the file are beyond our reach.
        """
        with self._reading():
            with transaction(self._connection):
                self._connection.execute(_QUERIES["erase_blob"], (digest,))
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def checkpoints(self, first: int | None = None, last: int | None = None) -> list[Checkpoint]:
        """The checkpoints by number: all, or those that stand on these rows of the spine."""
        with self._reading():
            return self._checkpoints(first, last)

    async def checkpoint_batches(self) -> AsyncIterator[list[Checkpoint]]:
        """All checkpoints by number, some at a time."""
        with self._reading():
            for rows in batches(self._connection, _QUERIES["checkpoints"], (None, None)):
                yield [Checkpoint(*row) for row in rows]

    async def checkpoint(
        self, at: datetime, why: str, next_key: str = "", declaration: Declaration | None = None
    ) -> Checkpoint | None:
        """One more checkpoint, over the spine's end; None where there is no entry yet, or no notary.

        Raises JournalUnavailable.
        """
        self._refuse_after_failure()
        with self._reading(), transaction(self._connection):
            if self._notary is None or (end := self._spine_end()) == SPINE_START:
                return None
            before = self._last_checkpoint()
            made = self._notary.make(self._standing(), end, before, at, why, next_key, declaration)
            self._connection.execute(_QUERIES["add_checkpoint"], (made.no, made.gseq, made.note))
        self._remember(made, at)
        return made

    def notice(self) -> str:
        """What went wrong with checkpoints since this was last asked, in words; each thing is said once."""
        return self._notary.notice() if self._notary else ""

    def alarm(self) -> Alarm | None:
        """The integrity alarm that stands, or None."""
        return self._alarm.standing()

    def sound_alarm(self, alarm: Alarm) -> None:
        """Begin an alarm, unless one stands."""
        self._alarm.sound(alarm)

    def end_alarm(self) -> None:
        """No alarm any more. Raises JournalUnavailable."""
        self._alarm.end()

    def claim(self, run: str) -> FileClaim:
        """The right to drive `run`. Raises RunTaken while another live process (or this one) holds it."""
        return FileClaim.take(self._path.parent / "claims", checked(run))

    async def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _fenced_head(self, run: str, after_seq: int) -> RunHead:
        row = self._connection.execute(_QUERIES["head"], (run,)).fetchone()
        check_fence(run, after_seq, (row[1] or 0) if row else None)
        if row:
            return RunHead(run, *row)
        return RunHead(run, self._connection.execute(_QUERIES["next_run_no"]).fetchone()[0], 0, GENESIS)

    def _spine_end(self) -> SpineRow:
        row = self._connection.execute(_QUERIES["spine_end"]).fetchone()
        return SpineRow(*row) if row else SPINE_START

    def _insert(self, head: RunHead, extension: Extension, blobs: Sequence[Blob]) -> None:
        execute = self._connection.execute
        if head.seq == 0:
            execute(_QUERIES["add_run"], (head.run_no, head.run))
        for entry, row in zip(extension.entries, extension.spine, strict=True):
            execute(_QUERIES["add_entry"], (row.run_no, entry.seq, entry.line, entry.link))
            execute(_QUERIES["add_spine_row"], (row.gseq, row.run_no, row.rseq, row.link, row.spine_link))
        for blob in blobs:
            execute(_QUERIES["add_blob"], (blob.digest, blob.salt, blob.content))

    def _add_due_checkpoint(
        self, extension: Extension, at: datetime, events: Sequence[AnyEvent]
    ) -> Checkpoint | None:
        if self._notary is None:
            return None
        before = self._last_checkpoint()
        made = self._notary.due(self._standing(), extension.spine[-1], before, at, events)
        if made:
            self._connection.execute(_QUERIES["add_checkpoint"], (made.no, made.gseq, made.note))
        return made

    def _remember(self, made: Checkpoint | None, at: datetime) -> None:
        """Beside the key, now that it is on the disk. What goes wrong here undoes nothing, and stops nobody."""
        if self._notary is None or made is None:
            return
        with suppress(sqlite3.Error):
            if what := self._notary.remember(made, self._standing()):
                self._alarm.sound(Alarm(instant(at), what, is_rewritten=True))

    def _standing(self) -> Standing:
        return Standing(self._spine_row, lambda: self._checkpoints(None, None), self._alarm.standing)

    def _refuse_on_alarm(self, at: datetime) -> None:
        """No run is opened on what does not verify. To look through all of it takes long; the newest checkpoint does not."""
        alarm = self._alarm.standing()
        if alarm is None and (alarm := self._misfit(instant(at))):
            self._alarm.sound(alarm)
        if alarm:
            raise closed_by(alarm)

    def _misfit(self, at: str) -> Alarm | None:
        before, odd = self._last_checkpoint(), strange_things(schema.strange(self._connection))
        if odd:
            return Alarm(at, odd[0].what)
        what = misfit(before, self._spine_row(before.gseq) if before else None)
        what = what or (self._notary.contradicted(self._standing()) if self._notary else "")
        return Alarm(at, what, is_rewritten=True) if what else None

    def _checkpoints(self, first: int | None, last: int | None) -> list[Checkpoint]:
        return [Checkpoint(*row) for row in self._connection.execute(_QUERIES["checkpoints"], (first, last))]

    def _last_checkpoint(self) -> Checkpoint | None:
        row = self._connection.execute(_QUERIES["last_checkpoint"]).fetchone()
        return Checkpoint(*row) if row else None

    def _spine_row(self, gseq: int) -> SpineRow | None:
        row = self._connection.execute(_QUERIES["spine_row"], (gseq,)).fetchone()
        return SpineRow(*row) if row else None

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._failure or failures.of_reading(error, self._path) from error

    def _refuse_after_failure(self) -> None:
        if self._failure:
            raise self._failure

    def _give_up(self, error: sqlite3.Error, run: str, extension: Extension | None) -> KeysError:
        """Never try again on a connection that failed: close it, open the file anew, see what it holds, and say so."""
        if failures.is_busy(error):
            return failures.busy(self._path)
        is_there = False
        with suppress(sqlite3.Error, KeysError):
            self._connection.close()
            self._connection = connected(self._path, self._factory)
            is_there = extension is not None and self._holds(extension.head())
        self._failure = failures.of_writing(error, self._path, run, is_there)
        return self._failure

    def _holds(self, head: RunHead) -> bool:
        row = self._connection.execute(_QUERIES["head"], (head.run,)).fetchone()
        return bool(row) and (row[1], row[2]) == (head.seq, head.link)
