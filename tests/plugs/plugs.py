"""Pulls the plug in the middle of an action of a shipped runbook, takes the run up again, and lets the oracle judge."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from enum import StrEnum
from pathlib import Path

import msgspec
from leading import Order
from msgspec import Struct

from keys_practice.verdict import Verdict
from keys_practice.worlds import AnyWorld, world_called
from runbook_keys.book.parse import parse
from runbook_keys.bootstrap import services, shipped_library
from runbook_keys.drills.plan import DrillPlan, plans_of
from runbook_keys.journal.lines import decode
from runbook_keys.model import event as e
from runbook_keys.model.actor import ActorKind
from runbook_keys.model.entry import Entry
from runbook_keys.model.outcome import Role, Settlement
from runbook_keys.model.runbook import Ending, SafetyClass
from runbook_keys.operations.packs import README
from runbook_keys.operations.record.verify import verify
from runbook_keys.system.library import FolderLibrary

HERE = Path(__file__).parent


class Taken(Struct, frozen=True):
    """The quickest drill that takes an action; one that ends RESOLVED where there is one.

    `way` are the words of the way out that it takes there, empty where that is the first one.
    """

    drill: str
    way: str = ""


DRILLS = msgspec.json.decode((HERE / "drills.json").read_bytes(), type=dict[str, dict[str, Taken]])
"""Runbook, action, drill."""


class Cut(StrEnum):
    """What dies."""

    PROCESS = "process"  # the one that follows the runbook; its command goes on
    MACHINE = "machine"  # it and everything that it started


PATIENCE_SECONDS = 180
ON_RECORD = "its outcome was on record"
_LOOK_SECONDS = 0.003
_FIRST_RUN = "SELECT CAST(line AS BLOB) FROM entries WHERE run_no = 1 ORDER BY seq"
_BEGUN = """SELECT 1 FROM entries WHERE run_no = 1 AND json_extract(CAST(line AS TEXT), '$.event') = 'AttemptStarted'
AND json_extract(CAST(line AS TEXT), '$.data.step') = ? AND json_extract(CAST(line AS TEXT), '$.data.role') = 'work'"""
_WHO = {ActorKind.DRIVER: "the look said", ActorKind.DRILL: "a person said"}
_WORDS = {
    Settlement.APPLIED: "applied",
    Settlement.NOT_APPLIED: "not applied",
    Settlement.UNCLEAR: "can't tell",
}


class Pulled(Struct, frozen=True):
    """One plug pulled, `waited_ms` after the intent was seen. `said` is what was found out about the action afterwards.

    `is_in_the_middle`: no outcome was on record when the process died. `starts`: how often the action was started in
    all. `undisturbed` is how the drill ends without a kill; `ending` is empty where the run did not end.
    """

    slug: str
    action: str
    title: str
    safety: SafetyClass
    drill: str
    cut: Cut
    waited_ms: int
    is_in_the_middle: bool
    said: str
    starts: int
    undisturbed: str
    ending: str
    violations: tuple[str, ...]


class NotReached(AssertionError):
    """The run ended without the action, or the process was too quick: no plug was pulled."""


def pull(slug: str, action: str, folder: Path, wait: float, cut: Cut = Cut.PROCESS) -> Pulled:
    """Start a world, kill the run in the action `wait` seconds after its intent is seen, resume it, judge.

    The journal is in `folder`/home. Raises NotReached.
    """
    taken = DRILLS[slug][action]
    library = FolderLibrary([shipped_library()])
    pack = library.load(slug)
    plan = next(plan for plan in plans_of(pack.files) if plan.name == taken.drill)
    step = parse(pack.files[README]).runbook.step(action)
    assert step
    with _broken(plan) as world:
        led = _Led(slug, plan, taken.way, folder, world)
        led.begin_and_kill(action, wait, cut)
        before = led.entries()
        is_ended = led.resume(before)
        verdict = world.judge()
    after = led.entries()
    is_cut = not any(_is_work(entry, e.AttemptFinished, action) for entry in before)
    return Pulled(
        slug=slug,
        action=action,
        title=step.title,
        safety=step.safety,
        drill=plan.name,
        cut=cut,
        waited_ms=round(wait * 1000),
        is_in_the_middle=is_cut,
        said=_said(after, action) if is_cut else ON_RECORD,
        starts=sum(_is_work(entry, e.AttemptStarted, action) for entry in after),
        undisturbed=str(plan.ending),
        ending=str(_ending(after) or ""),
        violations=(
            *asyncio.run(_damages(folder / "home")),
            *_lost(before, after),
            *run_again(after),
            *dishonest(plan.ending, _ending(after) if is_ended else None, verdict),
        ),
    )


@contextmanager
def _broken(plan: DrillPlan) -> Iterator[AnyWorld]:
    world = world_called(plan.world).start()
    try:
        world.break_with(plan.fault)
        yield world
    finally:
        world.stop()


class _Led:
    """The run of one drill, led by one process after another."""

    def __init__(self, slug: str, plan: DrillPlan, way: str, folder: Path, world: AnyWorld) -> None:
        self._plan = plan
        self._world = world
        self._folder = folder
        self._pending = list(plan.then)
        self._order = Order(
            slug=slug,
            drill=plan.name,
            home=str(folder / "home"),
            environment={**os.environ, **world.environment(), **world.secrets()},
            inputs=world.inputs(),
            way=way,
        )

    def entries(self) -> list[Entry]:
        """The entries of the drill's own run as they are now. Another process may be writing them."""
        return [decode(line) for (line,) in self._rows(_FIRST_RUN)]

    def _rows(self, query: str, *values: str) -> list[tuple[bytes]]:
        file = self._folder / "home" / "journal.db"
        try:
            with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
                return connection.execute(query, values).fetchall()
        except sqlite3.OperationalError:  # it is just being made
            return []

    def begin_and_kill(self, action: str, wait: float, cut: Cut) -> None:
        """Lead it until the action's intent is durable, wait, then `kill -9`. Raises NotReached."""
        with self._process(()) as process:
            self._follow(process, lambda: self._has_begun(action))
            if process.poll() is not None:
                raise NotReached(f"{self._plan.name} ended before {action} was seen. {self._last_words()}")
            time.sleep(wait)
            _kill(process, cut)

    def resume(self, before: Sequence[Entry]) -> bool:
        """Take it up again and lead it to its end; whether the process ended by itself and well."""
        with self._process(before) as process:
            self._follow(process, lambda: False)
            try:
                return process.wait(timeout=PATIENCE_SECONDS) == 0
            except subprocess.TimeoutExpired:
                process.kill()
                return False

    def _has_begun(self, action: str) -> bool:
        return bool(self._rows(_BEGUN, action))

    @contextmanager
    def _process(self, before: Sequence[Entry]) -> Iterator[subprocess.Popen[str]]:
        taken = (entry.event.step for entry in before if isinstance(entry.event, e.BranchTaken))
        order = msgspec.structs.replace(
            self._order,
            run=before[0].run if before else "",
            answered=dict(Counter(taken)),
            pending=tuple(self._pending),
        )
        with (self._folder / "said").open("a") as said:
            process = subprocess.Popen(
                [sys.executable, str(HERE / "leading.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
        assert process.stdin
        print(msgspec.json.encode(order).decode(), file=process.stdin, flush=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            _close(process)

    def _follow(self, process: subprocess.Popen[str], is_enough: Callable[[], bool]) -> None:
        """Break the world where the process asks for it, until it is enough or the process has closed its output."""
        assert process.stdin
        assert process.stdout
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and not is_enough():
            if not select.select([process.stdout], [], [], _LOOK_SECONDS)[0]:
                continue
            line = process.stdout.readline()
            if not line.startswith("break "):
                process.wait(timeout=PATIENCE_SECONDS)
                return
            self._break_further(line.removeprefix("break ").strip())
            print(file=process.stdin, flush=True)

    def _break_further(self, fault: str) -> None:
        self._pending.remove(next(each for each in self._pending if each.fault == fault))
        self._world.break_further(fault)

    def _last_words(self) -> str:
        return (self._folder / "said").read_text("utf-8", "replace")[-500:]


def _kill(process: subprocess.Popen[str], cut: Cut) -> None:
    """`kill -9`, for the machine at once for all: the driver is frozen first, so that it starts nothing more."""
    process.send_signal(signal.SIGSTOP)
    started = _started_by(process.pid) if cut is Cut.MACHINE else []
    process.kill()
    for pid in started:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _started_by(pid: int) -> list[int]:
    """The children of a process, and theirs."""
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            children += map(int, task.read_text("ascii").split())
    return [*children, *(each for child in children for each in _started_by(child))]


def _close(process: subprocess.Popen[str]) -> None:
    """Without flushing: a killed process reads nothing any more."""
    assert process.stdin
    assert process.stdout
    process.stdin.close()
    process.stdout.close()


def _is_work(entry: Entry, kind: type[e.AttemptStarted | e.AttemptFinished], action: str) -> bool:
    event = entry.event
    return isinstance(event, kind) and event.step == action and event.role is Role.WORK


def _said(entries: Sequence[Entry], action: str) -> str:
    """Who found out what about the first start of the action."""
    for entry in entries:
        event = entry.event
        if isinstance(event, e.OutcomeSettled) and event.step == action:
            return f"{_WHO[entry.actor.kind]}: {_WORDS[event.settlement]}"
    return "nothing"


def _ending(entries: Sequence[Entry]) -> Ending | None:
    return next((entry.event.ending for entry in entries if isinstance(entry.event, e.RunEnded)), None)


async def _damages(home: Path) -> list[str]:
    """What `keys verify` finds: the chain, outcomes without intent, starts without an approval of their own."""
    async with services({}, home=home) as opened:
        report = await verify(opened)
    return [f"The journal does not verify: {damage.what}" for damage in report.damages]


def _lost(before: Sequence[Entry], after: Sequence[Entry]) -> list[str]:
    return (
        [] if list(before) == list(after[: len(before)]) else ["What was on record is gone or was changed."]
    )


def run_again(entries: Sequence[Entry]) -> list[str]:
    """IRREVERSIBLE actions that were started more often than somebody said yes; counted apart from `keys verify`."""
    started = Counter(
        entry.event.step
        for entry in entries
        if isinstance(entry.event, e.AttemptStarted) and entry.event.safety is SafetyClass.IRREVERSIBLE
    )
    granted = Counter(entry.event.step for entry in entries if isinstance(entry.event, e.ApprovalGranted))
    return [
        f"{step} was started {times} times for {granted[step]} approvals."
        for step, times in started.items()
        if times > granted[step]
    ]


def dishonest(undisturbed: Ending, ending: Ending | None, verdict: Verdict) -> list[str]:
    """What the oracle holds against an ending; one other than RESOLVED says itself that not all is well."""
    if ending is None:
        return ["The run did not end."]
    said = [*verdict.problems] if ending is Ending.RESOLVED else []
    if ending in (Ending.RESOLVED, undisturbed):
        said += verdict.changed
    return [f"{ending}, and the oracle says: {each}" for each in said]
