"""One small runbook, run for real and disturbed: what happened is counted outside of KEYS and held against the journal."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct

from runbook_keys.errors import KeysError
from runbook_keys.journal.lines import read
from runbook_keys.model.entry import Checkpoint, Damage, StoredEntry
from runbook_keys.model.event import ApprovalGranted, AttemptFinished, AttemptStarted, RunEnded
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import Ending, SafetyClass
from runbook_keys.stores.sqlite import SqliteStore
from whole_journal import damages_in

PACK = Path(__file__).parent / "counted"
PATIENCE_SECONDS = 60


class Violated(AssertionError):
    """A promise of PROOF.md does not hold."""


@dataclass
class Tally:
    """What a suite did and found. `unknown`: how many disturbances left an intent without an outcome."""

    disturbed: int = 0
    before_opening: int = 0
    unknown: int = 0
    resumed: int = 0
    entries: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in what another one counted."""
        for name in ("disturbed", "before_opening", "unknown", "resumed", "entries"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.violations += other.violations


class Record(Struct, frozen=True):
    """What a journal holds, and what is wrong with it."""

    entries: Mapping[str, Sequence[StoredEntry]]
    checkpoints: Sequence[Checkpoint]
    damages: Sequence[Damage]


async def record_of(store: SqliteStore) -> Record:
    """All of it."""
    entries = {head.run: await store.entries(head.run) for head in await store.runs()}
    return Record(entries, await store.checkpoints(), await damages_in(store))


class Trial:
    """A folder with a journal and a pack on its `disk`, and a counter of effects; `keys` is run in it."""

    def __init__(self, folder: Path) -> None:
        self.enter(folder)
        shutil.copytree(PACK, self.pack)
        self.counter.touch()

    def enter(self, folder: Path) -> None:
        """Take a folder for this trial's own, as it is."""
        self.folder = folder
        self.disk = folder / "disk"
        self.home = self.disk / "home"
        self.pack = self.disk / "pack"
        self.counter = folder / "count"
        self.can_tell = True
        self._seen: list[StoredEntry] = []

    def environment(self) -> dict[str, str]:
        """What `keys` finds; the counter lies outside of the folder in which the disk fails."""
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder), "KEYS_HOME": str(self.home)}

    def arguments(self) -> list[str]:
        """`keys run` where no run is open yet, else `keys resume`, with a person's truthful answers."""
        rest = ["--auto", "safe", "--answers", str(self._answers())]
        if not self.entries():
            return [
                "run",
                str(self.pack),
                "-i",
                f"COUNTER={self.counter}",
                "--accept-findings",
                "a trial",
                *rest,
            ]
        return ["resume", *self._named(), "--wait", *rest]

    def _named(self) -> list[str]:
        """The run to take up; none where it is the only one."""
        return []

    def effects(self) -> Counter[str]:
        """How often each action really happened."""
        return Counter(self.counter.read_text("ascii").split())

    def entries(self) -> list[StoredEntry]:
        """The entries of the one run; none where it was not opened. Raises Violated for a journal that does not verify."""
        if not (self.home / "journal.db").exists():
            return []
        return asyncio.run(self._read())

    def run_name(self) -> str:
        """The one run."""
        return self.entries()[0].run

    def claims(self) -> list[int]:
        """Changes when a driver has taken the run."""
        return [path.stat().st_mtime_ns for path in (self.home / "claims").glob("*.lock")]

    def is_ended(self) -> bool:
        """Whether the run is over."""
        entries = self.entries()
        return bool(entries) and isinstance(read(entries[-1]).event, RunEnded)

    async def _read(self) -> list[StoredEntry]:
        store = SqliteStore.open(self.home / "journal.db")
        try:
            record = await record_of(store)
            mine = [run for run, stored in record.entries.items() if await self._is_mine(store, stored)]
        except KeysError as error:
            raise Violated(f"the journal can't be read: {error}") from error
        finally:
            await store.close()
        hold(not record.damages, f"the chain does not verify: {record.damages}")
        hold(len(mine) <= 1, "a second run was opened")
        return list(record.entries[mine[0]]) if mine else []

    async def _is_mine(self, _store: SqliteStore, _stored: Sequence[StoredEntry]) -> bool:
        """Whether the run is this trial's: several may share a journal."""
        return True

    def _answers(self) -> Path:
        """Answers for whatever is asked: a line that means nothing on a screen is asked again."""
        poll(
            lambda: not self._is_command_left(), PATIENCE_SECONDS
        )  # before that, nobody can answer truthfully
        did_it = "y" if self.effects()[self._last_change()] else "n"
        path = self.folder / "answers"
        told = [f"{did_it} I looked"] if self.can_tell else []
        path.write_text("\n".join(["", "A2", "it is right", *told, "1", "it is so"] * 10), "utf-8")
        return path

    def _last_change(self) -> str:
        """The action of which a person may be asked whether it happened."""
        events = [read(stored).event for stored in self.entries()]
        changes = [e.step for e in events if isinstance(e, AttemptStarted) and e.role is Role.WORK]
        return changes[-1] if changes else ""

    def _is_command_left(self) -> bool:
        for path in (self.home / "claims").glob("*.attempt"):
            with path.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return True
        return False

    def check(self) -> bool:
        """Hold the journal and the counter against each other; whether an intent stands without its outcome."""
        before, self._seen = self._seen, self.entries()
        hold(self._seen[: len(before)] == before, "an acknowledged entry is gone or was changed")
        events = [read(stored).event for stored in self._seen]
        started = [event for event in events if isinstance(event, AttemptStarted)]
        finished = {(e.step, e.role, e.attempt) for e in events if isinstance(e, AttemptFinished)}
        hold(
            finished <= {(e.step, e.role, e.attempt) for e in started},
            "there is an outcome without its intent",
        )
        work = Counter(event.step for event in started if event.role is Role.WORK)
        for step, times in self.effects().items():
            hold(times <= work[step], f"{step} happened {times} times for {work[step]} intents")
        self._check_approvals(events, started)
        return len(finished) < len(started)

    def _check_approvals(self, events: Sequence[object], started: Sequence[AttemptStarted]) -> None:
        granted = Counter(event.step for event in events if isinstance(event, ApprovalGranted))
        changes = Counter(event.step for event in started if event.safety is not SafetyClass.SAFE)
        for step, times in changes.items():
            hold(times <= granted[step], f"{step} was started {times} times for {granted[step]} approvals")

    def check_end(self, again: Callable[[Trial], object]) -> Ending:
        """After the end no action has happened twice, each one has if the run is RESOLVED, and resuming changes nothing."""
        self.check()
        ended = read(self._seen[-1]).event
        if not isinstance(ended, RunEnded):
            raise Violated(f"the run does not end: {ended}")
        effects = self.effects()
        hold(set(effects.values()) <= {1}, f"at the end the effects are {dict(effects)}")
        is_done = ended.ending is not Ending.RESOLVED or effects == {"A1": 1, "A2": 1}
        hold(is_done, f"the run is RESOLVED with {dict(effects)}")
        again(self)
        hold(
            self.entries() == self._seen and self.effects() == effects,
            "resuming an ended run changed something",
        )
        return ended.ending


def hold(is_so: bool, otherwise: str) -> None:
    """Raises Violated with the words where it is not so."""
    if not is_so:
        raise Violated(otherwise)


def started(trial: Trial, more: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """`keys` as a real process, on its way."""
    return subprocess.Popen(
        [sys.executable, "-m", "runbook_keys.cli.main", *trial.arguments()],
        env={**trial.environment(), **(more or {})},
        cwd=trial.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def poll(condition: Callable[[], bool], seconds: float) -> None:
    """Return when it is so, or after this time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
