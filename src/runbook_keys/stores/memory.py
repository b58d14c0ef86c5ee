"""The journal in memory: the same promises but durability. For tests and for dry runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from runbook_keys.errors import RunTaken
from runbook_keys.journal.chain import GENESIS, SPINE_START, extend
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
from runbook_keys.stores.alarms import closed_by, louder
from runbook_keys.stores.appending import check_fence, erased_by, lines_after
from runbook_keys.stores.names import checked, no_material, not_found
from runbook_keys.stores.notary import Notary, Standing


class MemoryClaim:
    """A claim among those who share one MemoryStore."""

    attempt_fd = None

    def __init__(self, held: set[str], run: str) -> None:
        if run in held:
            raise RunTaken("Another terminal is driving this run. Nothing was done here.")
        held.add(run)
        self._held = held
        self._run = run
        self._is_held = True

    def leftover(self) -> None:
        """Nothing: commands do not outlive the process that holds this store."""

    def end_leftover(self, is_forced: bool) -> None:
        """There is nothing to end."""

    def release(self) -> None:
        """Give the run up; a second call does nothing."""
        if self._is_held:
            self._is_held = False
            self._held.discard(self._run)


class MemoryStore:
    """A JournalStore that forgets when the process ends."""

    def __init__(self, notary: Notary | None = None) -> None:
        self._notary = notary
        self._checkpoints: list[Checkpoint] = []
        self._entries: dict[str, list[StoredEntry]] = {}
        self._heads: dict[str, RunHead] = {}
        self._spine: list[SpineRow] = []
        self._blobs: dict[str, Blob | None] = {}
        self._claims: set[str] = set()
        self._alarm: Alarm | None = None

    async def append(
        self,
        run: str,
        after_seq: int,
        at: datetime,
        actor: Actor,
        events: Sequence[AnyEvent],
        blobs: Sequence[Blob] = (),
    ) -> RunHead:
        """Add `events` after entry `after_seq` (0 opens the run), with `blobs`. Raises RunTaken, RunNotFound."""
        lines = lines_after(run, after_seq, at, actor, events)
        head = self._heads.get(run)
        check_fence(run, after_seq, head.seq if head else None)
        if head is None:
            self._refuse_on_alarm(at)
        before = head or RunHead(run, len(self._heads) + 1, 0, GENESIS)
        extension = extend(before, self._spine[-1] if self._spine else SPINE_START, lines)
        self._entries.setdefault(run, []).extend(extension.entries)
        self._spine.extend(extension.spine)
        self._heads[run] = extension.head()
        for blob in blobs:
            self._blobs.setdefault(blob.digest, blob)
        for digest in erased_by(events):
            await self.erase(digest)
        if self._notary and (
            made := self._notary.due(self._standing(), self._spine[-1], self._last_checkpoint(), at, events)
        ):
            self._add_checkpoint(made, at)
        return self._heads[run]

    async def entries(self, run: str) -> list[StoredEntry]:
        """The run's entries in order. Raises RunNotFound."""
        if checked(run) not in self._entries:
            raise not_found(run)
        return list(self._entries[run])

    async def runs(self) -> list[RunHead]:
        """Where every run stands, by run number."""
        return list(self._heads.values())

    async def unlisted(self) -> dict[int, int]:
        """None: entries stand under their run's name."""
        return {}

    async def spine(self) -> list[SpineRow]:
        """The whole spine in order."""
        return list(self._spine)

    async def spine_row(self, gseq: int) -> SpineRow | None:
        """One row, if there is one of this number."""
        return self._spine_row(gseq)

    async def spine_batches(self) -> AsyncIterator[list[SpineRow]]:
        """The whole spine in order, at once."""
        yield list(self._spine)

    async def spine_by_run(self) -> AsyncIterator[list[SpineRow]]:
        """The rows of each run, by run number."""
        for run_no in sorted({row.run_no for row in self._spine}):
            yield await self.spine_of(run_no)

    async def spine_of(self, run_no: int) -> list[SpineRow]:
        """The rows of one run."""
        return [row for row in self._spine if row.run_no == run_no]

    async def spine_ends(self) -> list[SpineRow]:
        """Of each run the row of its highest number, by run number."""
        ends = {row.run_no: row for row in sorted(self._spine, key=lambda row: row.rseq)}
        return [ends[run_no] for run_no in sorted(ends)]

    def snapshot(self) -> AbstractContextManager[None]:
        """Nothing is ever in between: nobody else writes here."""
        return nullcontext()

    async def strange(self) -> Strange:
        """Nothing: there is no file that somebody could change."""
        return Strange()

    async def blob(self, digest: str) -> bytes | None:
        """The content, or None if it was erased. Raises JournalDamaged for what was never stored."""
        sealed = await self.sealed(digest)
        return sealed.content if sealed else None

    async def sealed(self, digest: str) -> Blob | None:
        """The same with its salt, which whoever checks the digest needs."""
        if digest not in self._blobs:
            raise no_material(digest)
        return self._blobs[digest]

    async def held(self, digest: str) -> list[Blob | None]:
        """What lies under this digest, as it is: at most one blob, or None for one that was erased."""
        return [self._blobs[digest]] if digest in self._blobs else []

    async def erased(self) -> list[str]:
        """The digests of the blobs that were erased."""
        return [digest for digest, blob in self._blobs.items() if blob is None]

    async def erase(self, digest: str) -> None:
        """Forget a blob's content and salt; its digest stays, and so does the chain."""
        if digest in self._blobs:
            self._blobs[digest] = None

    async def checkpoints(self, first: int | None = None, last: int | None = None) -> list[Checkpoint]:
        """The checkpoints by number: all, or those that stand on these rows of the spine."""
        return [
            each
            for each in self._checkpoints
            if (first is None or each.gseq >= first) and (last is None or each.gseq <= last)
        ]

    async def checkpoint_batches(self) -> AsyncIterator[list[Checkpoint]]:
        """All checkpoints by number, at once."""
        yield list(self._checkpoints)

    async def checkpoint(
        self, at: datetime, why: str, next_key: str = "", declaration: Declaration | None = None
    ) -> Checkpoint | None:
        """One more checkpoint, over the spine's end; None where there is no entry yet, or no notary."""
        if self._notary is None or not self._spine:
            return None
        end, before = self._spine[-1], self._last_checkpoint()
        made = self._notary.make(self._standing(), end, before, at, why, next_key, declaration)
        self._add_checkpoint(made, at)
        return made

    def _spine_row(self, gseq: int) -> SpineRow | None:
        return self._spine[gseq - 1] if 0 < gseq <= len(self._spine) else None

    def _standing(self) -> Standing:
        return Standing(self._spine_row, lambda: self._checkpoints, self.alarm)

    def _add_checkpoint(self, made: Checkpoint, at: datetime) -> None:
        self._checkpoints.append(made)
        if self._notary and (what := self._notary.remember(made, self._standing())):
            self.sound_alarm(Alarm(instant(at), what, is_rewritten=True))

    def _refuse_on_alarm(self, at: datetime) -> None:
        if self._notary and (what := self._notary.contradicted(self._standing())):
            self.sound_alarm(Alarm(instant(at), what, is_rewritten=True))
        if self._alarm:
            raise closed_by(self._alarm)

    def _last_checkpoint(self) -> Checkpoint | None:
        return self._checkpoints[-1] if self._checkpoints else None

    def notice(self) -> str:
        """What went wrong with checkpoints since this was last asked, in words; each thing is said once."""
        return self._notary.notice() if self._notary else ""

    def alarm(self) -> Alarm | None:
        """The integrity alarm that stands, or None."""
        return self._alarm

    def sound_alarm(self, alarm: Alarm) -> None:
        """Begin an alarm; one that stands keeps its time and its words."""
        self._alarm = louder(self._alarm, alarm)

    def end_alarm(self) -> None:
        """No alarm any more."""
        self._alarm = None

    def claim(self, run: str) -> MemoryClaim:
        """The right to drive `run`. Raises RunTaken while another holds it."""
        return MemoryClaim(self._claims, checked(run))

    async def close(self) -> None:
        """Nothing to let go of."""
