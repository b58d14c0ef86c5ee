"""What the journal costs: durable appends against the bare disk, verification against the bare hash.

`python -m benchmarks.journal` prints the table. Each round measures ours and the reference one after the other on the
same disk; the median of the rounds' ratios counts, so that a slow minute of the machine hits both.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from benchmarks.row import Row, table
from runbook_keys.journal.chain import GENESIS, SPINE_START, extend
from runbook_keys.journal.lines import encode
from runbook_keys.journal.verify import check_chain, verify_run
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.entry import Entry, RunHead, StoredEntry
from runbook_keys.model.event import AnyEvent, AttemptFinished, AttemptStarted, RunOpened
from runbook_keys.model.outcome import OutcomeKind, Role
from runbook_keys.model.runbook import SafetyClass
from runbook_keys.stores.sqlite import SqliteStore

AT = datetime(2026, 11, 23, 3, 12, 45, 123000, tzinfo=UTC)
RUN = "r-20261123-0312-k7qm"
COMMAND = """curl --silent --output /dev/null --write-out '%{http_code}' --max-time 5 "$APP_URL/webhooks/stripe"\n"""
ROUNDS = 5
LONG_RUN, SHORT_RUN, VERIFIED = 1000, 50, 20_000


def measure() -> list[Row]:
    """All rows of this file."""
    return [
        _appends(f"durable appends, a run of {LONG_RUN} entries", LONG_RUN, "≥ 0.85"),
        _appends(f"durable appends, a new journal and a run of {SHORT_RUN} entries", SHORT_RUN, ""),
        *_verification(),
    ]


def _events(number: int) -> list[AnyEvent]:
    """What a run of looking steps writes: an opening, then intents and outcomes in turn."""
    digest = sha256(COMMAND.encode()).hexdigest()
    events: list[AnyEvent] = [
        RunOpened("slug", "1.0.0", digest, digest, digest, {"APP_URL": digest}, "S1", "incident")
    ]
    for attempt in range(1, number // 2 + 1):
        events.append(
            AttemptStarted("D1", Role.WORK, attempt, SafetyClass.SAFE, "bash", COMMAND, digest, ("APP_URL",))
        )
        events.append(
            AttemptFinished(
                "D1", Role.WORK, attempt, OutcomeKind.SUCCEEDED, 0, "", 12, "Landlock, ABI 7", digest
            )
        )
    return events[:number]


def _lines(events: list[AnyEvent]) -> list[bytes]:
    return [encode(Entry(RUN, seq, AT, DRIVER, event)) for seq, event in enumerate(events, 1)]


def _appends(name: str, number: int, aim: str) -> Row:
    events = _events(number)
    lines = _lines(events)
    with tempfile.TemporaryDirectory(dir=Path(__file__).parents[1], prefix=".bench-") as folder:
        rounds = [
            (_raw(Path(folder, f"raw-{turn}"), lines), _store(Path(folder, f"store-{turn}"), events))
            for turn in range(ROUNDS)
        ]
    return _row(name, number, rounds, aim)


def _raw(path: Path, lines: list[bytes]) -> float:
    """Seconds to append the lines to a file, each followed by `fdatasync`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    start = time.perf_counter()
    for line in lines:
        os.write(descriptor, line)
        os.fdatasync(descriptor)
    seconds = time.perf_counter() - start
    os.close(descriptor)
    return seconds


def _store(folder: Path, events: list[AnyEvent]) -> float:
    """Seconds to append the events to a new journal, one at a time, spelling and linking included."""
    return asyncio.run(_append_all(SqliteStore.open(folder / "journal.db"), events))


async def _append_all(store: SqliteStore, events: list[AnyEvent]) -> float:
    start = time.perf_counter()
    for after, event in enumerate(events):
        await store.append(RUN, after, AT, DRIVER, [event])
    seconds = time.perf_counter() - start
    await store.close()
    return seconds


def _verification() -> list[Row]:
    """Chain alone and run in full, against SHA-256 over the same bytes and nothing else."""
    stored = extend(RunHead(RUN, 1, 0, GENESIS), SPINE_START, _lines(_events(VERIFIED))).entries
    chain = [(_seconds(_hash_only, stored), _seconds(check_chain, stored)) for _ in range(ROUNDS)]
    full = [(_seconds(_hash_only, stored), _seconds(verify_run, stored)) for _ in range(ROUNDS)]
    return [
        _row("entries verified: numbers and links", VERIFIED, chain, "≥ 200,000 a second"),
        _row("entries verified: in full", VERIFIED, full, "≥ 200,000 a second"),
    ]


def _hash_only(stored: tuple[StoredEntry, ...]) -> list[str]:
    return [sha256(entry.line).hexdigest() for entry in stored]


def _seconds(work: Callable[[tuple[StoredEntry, ...]], object], stored: tuple[StoredEntry, ...]) -> float:
    start = time.perf_counter()
    work(stored)
    return time.perf_counter() - start


def _row(name: str, number: int, rounds: list[tuple[float, float]], aim: str) -> Row:
    """`rounds` are (reference, ours) in seconds for `number` entries."""
    reference, ours = (number / statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    ratio = statistics.median(reference / ours for reference, ours in rounds)
    return Row(name, ours, reference, ratio, aim)


if __name__ == "__main__":
    print(table(measure()), end="")
