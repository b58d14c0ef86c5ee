"""One run in this process: its text, its values, its state, and the one door to its journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec

from runbook_keys.engine.decide import decide
from runbook_keys.engine.evolve import evolve
from runbook_keys.engine.inputs import Input, Tick
from runbook_keys.engine.state import State
from runbook_keys.engine.transitions import Phase
from runbook_keys.errors import Refused
from runbook_keys.journal.blobs import seal
from runbook_keys.model.actor import DRIVER, Actor
from runbook_keys.model.entry import Blob, Entry, RunHead
from runbook_keys.model.event import AnyEvent, AttemptFinished, ClockStepped
from runbook_keys.model.outcome import Observation, Role
from runbook_keys.model.pack import Pack
from runbook_keys.model.runbook import Runbook
from runbook_keys.ports import Clock, Ids, JournalStore

CLOCK_WAS_SET = "This machine's clock was set since you approved. Look again and approve again."
GENESIS_LINK = 64 * "0"
LEAST_STEP = timedelta(seconds=1)
"""A clock that is behind the last entry by more was set back between two drivers."""


class Values(msgspec.Struct, frozen=True):
    """The values of a run by name. `digests` are keyed; `secret` names those that are never shown."""

    by_name: Mapping[str, str]
    secret: frozenset[str]
    digests: Mapping[str, str]

    @property
    def plain(self) -> dict[str, str]:
        """The values by name that are no secrets."""
        return {name: value for name, value in self.by_name.items() if name not in self.secret}

    @property
    def secrets(self) -> dict[str, str]:
        """The secret values by name, for masking."""
        return {name: self.by_name[name] for name in self.secret if name in self.by_name}


class Session:
    """A run as one driver holds it. Only `tell` changes it, and only after the store said that it is durable."""

    def __init__(
        self,
        run: str,
        runbook: Runbook,
        values: Values,
        store: JournalStore,
        clock: Clock,
        ids: Ids,
        contacts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._contacts = contacts
        self.run = run
        self.runbook = runbook
        self.values = values
        self.state = State()
        self.head = RunHead(run=run, run_no=0, seq=0, link=GENESIS_LINK)
        self.entries: list[Entry] = []
        self._store = store
        self._clock = clock
        self._ids = ids
        self._is_clock_checked = False
        self._contents: dict[str, bytes] = {}
        self._captured_texts: dict[str, str] = {}

    def replay(self, entries: Sequence[Entry], head: RunHead) -> None:
        """Take up a run that the journal already holds."""
        for entry in entries:
            self.state = evolve(self.state, entry.event, entry.at)
        self.entries = list(entries)
        self.head = head

    def reached(self, names: Sequence[str]) -> tuple[str, ...]:
        """Each contact with how the organisation reaches it, where `keys.toml` says so."""
        return tuple(f"{name} ({self._contacts[name]})" if name in self._contacts else name for name in names)

    def now(self) -> datetime:
        """The clock's time, never before the last entry's: order comes from the sequence."""
        now = self._clock.now()
        last_at = self.state.last_at
        return now if last_at is None else max(now, last_at)

    async def tell(self, given: Input, actor: Actor, blobs: Sequence[Blob] = ()) -> tuple[AnyEvent, ...]:
        """Let the engine decide on `given`, make its events durable in one append, then take them as the state.

        That the clock was set comes first, by itself: what is decided then is decided knowing it. Raises Refused
        (nothing more is written), RunTaken or JournalUnavailable (nothing may be started).
        """
        phase = self.state.phase
        if phase is not Phase.ENDED and (stepped := self._clock_events()):
            await self._append(stepped, DRIVER)
            if phase is Phase.APPROVED and not isinstance(given, Tick):
                raise Refused(CLOCK_WAS_SET)
        events = decide(self.runbook, self.state, given, self.now())
        if events:
            late = self._clock_events() if phase is Phase.ENDED else ()
            await self._append((*late, *events), actor, blobs)
        return events

    async def _append(self, events: Sequence[AnyEvent], actor: Actor, blobs: Sequence[Blob] = ()) -> None:
        at = self.now()
        self.head = await self._store.append(self.run, self.head.seq, at, actor, events, blobs)
        for event in events:
            self.state = evolve(self.state, event, at)
            self.entries.append(Entry(self.run, len(self.entries) + 1, at, actor, event))
        for blob in blobs:
            self._contents[blob.digest] = blob.content

    def _clock_events(self) -> tuple[AnyEvent, ...]:
        """What happened to the clock since the last append; the first of a run or of a driver is held against the last entry."""
        step = self._clock.stepped()
        last_at = self.state.last_at
        if last_at is None:
            return ()
        behind = self._clock.now() - last_at
        if not step and not self._is_clock_checked and behind < -LEAST_STEP:
            step = behind
        self._is_clock_checked = True
        return (ClockStepped(round(step.total_seconds() * 1000)),) if step else ()

    def notice(self) -> str:
        """What went wrong beside the record and stops nobody, in words; each thing is said once."""
        return self._store.notice()

    def seal(self, content: bytes) -> Blob:
        """Material for the next `tell`, salted."""
        return seal(content, self._ids.salt())

    async def observation(self, digest: str) -> Observation:
        """What an attempt showed; empty where its material was erased."""
        content = self._contents.get(digest)
        if content is None:
            content = await self._store.blob(digest)
        if not content:
            return Observation()
        self._contents[digest] = content
        return msgspec.json.decode(content, type=Observation)

    async def pinned_key(self, slug: str) -> Pack | None:
        """The KEY as it was when the run opened; None where it was not there then, or was erased."""
        opened = self.state.opened
        pin = next((key for key in opened.keys if key.slug == slug), None) if opened else None
        content = await self._store.blob(pin.blob) if pin else None
        if pin is None or content is None:
            return None
        files = msgspec.json.decode(content, type=dict[str, bytes])
        return Pack(files, f"{pin.slug} {pin.version} as pinned by {self.run}")

    async def latest_result(self, label: str) -> dict[str, Any] | None:
        """What the KEY that did the step's work returned the last time; None where there was no result."""
        for entry in reversed(self.entries):
            match entry.event:
                case AttemptFinished(step=step, role=Role.WORK, output_blob=digest) if step == label:
                    return (await self.observation(digest)).result if digest else None
        return None

    async def captures(self) -> dict[str, str]:
        """The captured values by name."""
        return {name: await self._captured(digest) for name, digest in self.state.captures.items()}

    async def _captured(self, digest: str) -> str:
        if digest not in self._captured_texts:
            self._captured_texts[digest] = captured_text(await self.observation(digest))
        return self._captured_texts[digest]


def captured_text(observation: Observation) -> str:
    """What `capture=NAME` keeps: one SQL value as text, other rows as JSON, else stdout without its last newlines."""
    rows = observation.rows
    if rows is None:
        return observation.stdout.rstrip("\n")
    if len(rows) == 1 and len(rows[0]) == 1:
        (value,) = rows[0].values()
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return msgspec.json.encode(rows).decode()
