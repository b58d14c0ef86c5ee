"""A journal of a million entries, and a run of ten thousand: does what a person waits for stay short?

`python -m benchmarks.large` prints the table. The journal is written by plain SQL in the form that KEYS writes, so that it
is there within a minute; `keys verify` finds it whole.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from benchmarks.journal import AT, _events
from benchmarks.memory import of_verifying
from benchmarks.row import Row, table
from benchmarks.steps import drive_long
from runbook_keys.bootstrap import services
from runbook_keys.config import Config
from runbook_keys.errors import RunNotFound
from runbook_keys.journal.blobs import seal
from runbook_keys.journal.chain import GENESIS, SPINE_START, extend
from runbook_keys.journal.lines import encode
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.entry import Blob, Entry, RunHead, SpineRow
from runbook_keys.model.event import AnyEvent, ClosingBegun, RunEnded, StepEntered
from runbook_keys.model.runbook import Ending
from runbook_keys.operations.recorded import find_run
from runbook_keys.operations.runs.listing import list_runs, show_run
from runbook_keys.operations.services import Services

RUNS, PER_RUN = 10_000, 100
LONG_RUN, SAMPLE = 10_000, 100
TURNS = 100
SLUG = "stripe-webhook-failure"


def measure() -> list[Row]:
    """All rows of this file."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parents[1], prefix=".bench-") as folder:
        home = Path(folder)
        asyncio.run(_write(home))
        name = _run(RUNS)
        waits = {
            "opened, and the latest runs listed": asyncio.run(_p99(home, lambda at: list_runs(at, 50))),
            "opened, and a run shown": asyncio.run(_p99(home, lambda at: show_run(at, name))),
            "opened, and the latest open run looked for": asyncio.run(_p99(home, _look_for_open)),
        }
        first, last = asyncio.run(_long_run(home / "long"))
        verified = _verified(home)
    rows = [
        Row(f"a million entries: {words}, p99 (ms)", wait, 100, wait / 100, "≤ 100 ms")
        for words, wait in waits.items()
    ]
    name = f"a looking step at the end of a run of {LONG_RUN} entries, against its start (ms)"
    return [*rows, *verified, Row(name, last, first, last / first, "≤ 1.2")]


def _verified(home: Path) -> list[Row]:
    """`keys verify` over the million entries against a journal of a fifth of them, each in a process of its own."""
    fifth = home / "fifth"
    fifth.mkdir()
    asyncio.run(_write(fifth, RUNS // 5))
    few, few_seconds, few_peak = of_verifying(fifth)
    many, many_seconds, many_peak = of_verifying(home)
    words = "against a fifth of them"
    return [
        Row(
            f"a million entries: all of keys verify, {words} (entries per CPU second)",
            many / many_seconds,
            few / few_seconds,
            (many / many_seconds) / (few / few_seconds),
        ),
        Row(
            f"a million entries: peak memory of keys verify, {words} (MB)",
            many_peak,
            few_peak,
            many_peak / few_peak,
            "≤ 1.2",
        ),
    ]


def _run(number: int) -> str:
    return f"r-20261123-0312-{number:05d}"


async def _write(home: Path, runs: int = RUNS) -> None:
    """A hundred entries for each of so many runs, which all ended."""
    async with services(home=home, config=Config()) as at:
        files = at.library.load(SLUG).files
    pack, inputs = seal(msgspec.json.encode(files), bytes(16)), seal(b"{}", bytes(range(16)))
    connection = sqlite3.connect(home / "journal.db", isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    rows = [(each.digest, each.salt, each.content) for each in (pack, inputs)]
    connection.executemany("INSERT INTO blobs (digest, salt, content) VALUES (?, ?, ?)", rows)
    events, end = _of_a_run(pack, inputs), SPINE_START
    for number in range(1, runs + 1):
        end = _add_run(connection, number, end, events)
    connection.execute("COMMIT")
    connection.close()


def _of_a_run(pack: Blob, inputs: Blob) -> list[AnyEvent]:
    """A hundred events: an opening, looks that go round, an end."""
    opened, *attempts = _events(PER_RUN)
    events: list[AnyEvent] = [
        replace(opened, slug=SLUG, pack_blob=pack.digest, inputs_blob=inputs.digest),
        StepEntered("D1", 1),
    ]
    for visit, (begun, finished) in enumerate(zip(attempts[::2], attempts[1::2], strict=False), 2):
        events += [begun, replace(finished, output_blob=""), StepEntered("D1", visit)]
    return [*events[: PER_RUN - 2], ClosingBegun(Ending.RESOLVED, "D1"), RunEnded(Ending.RESOLVED)]


def _add_run(connection: sqlite3.Connection, number: int, end: SpineRow, events: list[AnyEvent]) -> SpineRow:
    run = _run(number)
    lines = [encode(Entry(run, seq, AT, DRIVER, event)) for seq, event in enumerate(events, 1)]
    extension = extend(RunHead(run, number, 0, GENESIS), end, lines)
    connection.execute("INSERT INTO runs (run_no, run) VALUES (?, ?)", (number, run))
    connection.executemany(
        "INSERT INTO entries (run_no, seq, line, link) VALUES (?, ?, ?, ?)",
        [(number, each.seq, each.line, each.link) for each in extension.entries],
    )
    connection.executemany(
        "INSERT INTO spine (gseq, run_no, rseq, link, spine_link) VALUES (?, ?, ?, ?, ?)",
        [(row.gseq, row.run_no, row.rseq, row.link, row.spine_link) for row in extension.spine],
    )
    return extension.spine[-1]


async def _p99(home: Path, work: Callable[[Services], Awaitable[object]]) -> float:
    """Milliseconds that 99 of 100 take at most, the opening of the journal included. The first one is warm-up."""
    took = []
    for _ in range(TURNS + 1):
        began = time.perf_counter()
        async with services(home=home, config=Config()) as at:
            await work(at)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.quantiles(took[1:], n=100)[98]


async def _look_for_open(at: Services) -> None:
    with suppress(RunNotFound):
        await find_run(at, "")


async def _long_run(home: Path) -> tuple[float, float]:
    """The median milliseconds of a look at the start of a run, and once it has LONG_RUN entries."""
    async with services(home=home, config=Config()) as at:
        return await drive_long(at, LONG_RUN, SAMPLE)


if __name__ == "__main__":
    print(table(measure()), end="")
