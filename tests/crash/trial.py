"""One small runbook, run for real and disturbed: what happened is counted outside of KEYS and held against the journal."""

from __future__ import annotations

import asyncio
import fcntl
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runbook_keys.errors import KeysError
from runbook_keys.journal.lines import read
from runbook_keys.model.entry import StoredEntry
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


class Trial:
    """A folder with a journal and a counter of effects; `keys` is run in it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.counter = folder / "count"
        self.counter.touch()
        self.folder = folder
        self._seen: list[StoredEntry] = []

    def environment(self) -> dict[str, str]:
        """What `keys` finds; the counter lies outside of the folder in which the disk fails."""
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder), "KEYS_HOME": str(self.home)}

    def arguments(self) -> list[str]:
        """`keys run` where no run is open yet, else `keys resume`, with a person's truthful answers."""
        rest = ["--auto", "safe", "--answers", str(self._answers())]
        if not self.entries():
            return ["run", str(PACK), "-i", f"COUNTER={self.counter}", "--accept-findings", "a trial", *rest]
        return ["resume", "--wait", *rest]

    def effects(self) -> Counter[str]:
        """How often each action really happened."""
        return Counter(self.counter.read_text("ascii").split())

    def entries(self) -> list[StoredEntry]:
        """The entries of the one run; none where it was not opened. Raises Violated for a journal that does not verify."""
        if not (self.home / "journal.db").exists():
            return []
        return asyncio.run(self._read())

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
            heads = await store.runs()
            stored = [await store.entries(head.run) for head in heads]
            damages = await damages_in(store)
        except KeysError as error:
            raise Violated(f"the journal can't be read: {error}") from error
        finally:
            await store.close()
        _hold(not damages, f"the chain does not verify: {damages}")
        _hold(len(heads) <= 1, "a second run was opened")
        return stored[0] if heads else []

    def _answers(self) -> Path:
        """Answers for whatever is asked: a line that means nothing on a screen is asked again."""
        _poll(
            lambda: not self._is_command_left(), PATIENCE_SECONDS
        )  # before that, nobody can answer truthfully
        did_it = "y" if self.effects()[self._last_change()] else "n"
        path = self.folder / "answers"
        path.write_text(
            "\n".join(["", "A2", "it is right", f"{did_it} I looked", "1", "it is so"] * 10), "utf-8"
        )
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
        _hold(self._seen[: len(before)] == before, "an acknowledged entry is gone or was changed")
        events = [read(stored).event for stored in self._seen]
        started = [event for event in events if isinstance(event, AttemptStarted)]
        finished = {(e.step, e.role, e.attempt) for e in events if isinstance(e, AttemptFinished)}
        _hold(
            finished <= {(e.step, e.role, e.attempt) for e in started},
            "there is an outcome without its intent",
        )
        work = Counter(event.step for event in started if event.role is Role.WORK)
        for step, times in self.effects().items():
            _hold(times <= work[step], f"{step} happened {times} times for {work[step]} intents")
        self._check_approvals(events, started)
        return len(finished) < len(started)

    def _check_approvals(self, events: Sequence[object], started: Sequence[AttemptStarted]) -> None:
        granted = Counter(event.step for event in events if isinstance(event, ApprovalGranted))
        changes = Counter(event.step for event in started if event.safety is not SafetyClass.SAFE)
        for step, times in changes.items():
            _hold(times <= granted[step], f"{step} was started {times} times for {granted[step]} approvals")

    def check_end(self, again: Callable[[Trial], object]) -> Ending:
        """After the end no action has happened twice, each one has if the run is RESOLVED, and resuming changes nothing."""
        self.check()
        ended = read(self._seen[-1]).event
        if not isinstance(ended, RunEnded):
            raise Violated(f"the run does not end: {ended}")
        effects = self.effects()
        _hold(set(effects.values()) <= {1}, f"at the end the effects are {dict(effects)}")
        is_done = ended.ending is not Ending.RESOLVED or effects == {"A1": 1, "A2": 1}
        _hold(is_done, f"the run is RESOLVED with {dict(effects)}")
        again(self)
        _hold(
            self.entries() == self._seen and self.effects() == effects,
            "resuming an ended run changed something",
        )
        return ended.ending


def _hold(is_so: bool, otherwise: str) -> None:
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


def keys(trial: Trial) -> str:
    """`keys` to its end; what it said. Raises Violated for a crash of ours."""
    output, _ = started(trial).communicate(timeout=PATIENCE_SECONDS)
    _hold("bug of ours" not in output and "Traceback" not in output, output)
    return output


def kill_many_times(folder: Path, times: int, seed: int) -> Tally:
    """Kill `keys run` and `keys resume` at random moments, `times` in all, over as many runs as that takes."""
    chance, tally, number = random.Random(seed), Tally(), 0
    while tally.disturbed < times:
        number += 1
        place = folder / f"trial-{number}"
        place.mkdir()
        _one_life(Trial(place), chance, tally, f"seed {seed}, trial {number}")
    return tally


def _one_life(trial: Trial, chance: random.Random, tally: Tally, name: str) -> None:
    try:
        for _ in range(chance.choice((1, 1, 2, 3))):
            if _kill(trial, chance):
                _count(trial, tally)
        output = keys(trial)
        ending = trial.check_end(keys if chance.random() < 0.3 else Trial.entries)
        _hold(ending is Ending.RESOLVED, f"the run ends {ending}: {output[-800:]}")
        tally.entries += len(trial.entries())
    except Violated as violated:
        tally.violations.append(f"{name}: {violated}")


def _kill(trial: Trial, chance: random.Random) -> bool:
    """Kill it at a random moment, mostly of those in which it drives; False where it had ended by itself."""
    claims = trial.claims()
    process = started(trial)
    if chance.random() < 0.8:
        _poll(lambda: process.poll() is not None or trial.claims() != claims, PATIENCE_SECONDS)
    _poll(lambda: process.poll() is not None, chance.uniform(0, 0.3))
    was_running = process.poll() is None
    process.kill()
    # A command of the killed driver may hold the pipe a little longer, so the pipe's end is not waited for.
    process.wait(timeout=PATIENCE_SECONDS)
    assert process.stdout
    process.stdout.close()
    return was_running


def _poll(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)


def _count(trial: Trial, tally: Tally) -> None:
    tally.disturbed += 1
    tally.unknown += trial.check()
    tally.before_opening += not trial.entries()
    tally.resumed += bool(trial.entries())


def as_json(tally: Tally) -> str:
    """One line for a program."""
    return json.dumps(tally.__dict__)
