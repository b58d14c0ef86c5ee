"""`keys verify` looks at one moment of the journal, run by run, while others go on writing and anchoring."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from keyring import AT, ENDED, INPUTS, OPENED, PACK, entered, signed_store, wait, write

from runbook_keys.bootstrap import services
from runbook_keys.config import Anchors, Config
from runbook_keys.journal.blobs import seal
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.event import AnyEvent, NoteAdded
from runbook_keys.operations.record.anchor import anchor
from runbook_keys.operations.record.look_through import look_through
from runbook_keys.operations.record.verify import VerifyReport, verify
from runbook_keys.operations.services import Services
from runbook_keys.stores.sqlite import SqliteStore


def _done(work: Coroutine[Any, Any, Any]) -> None:
    """Take a call of a store to its end where nobody may wait."""
    with pytest.raises(StopIteration):
        work.send(None)


@pytest.mark.parametrize("doing", ["reading entries", "checking entries"])
def test_what_is_appended_while_somebody_looks_is_no_damage(tmp_path: Path, doing: str) -> None:
    """Neither between spine and entries, nor between one run and the next; a nightly look would begin an alarm else."""
    writing, reading = signed_store(tmp_path), SqliteStore.open(tmp_path / "journal.db")
    write(writing, "r-1", 0, OPENED, entered(1))
    write(writing, "r-2", 0, OPENED, entered(1))
    after = {"r-1": 2, "r-2": 2}

    def meanwhile(now: str, _done_so_far: int, _of: int) -> None:
        if now == doing:
            for run, seq in after.items():
                _done(writing.append(run, seq, AT, DRIVER, [entered(seq)]))
                after[run] = seq + 1
            _done(writing.append(f"r-{after['r-1']}", 0, AT, DRIVER, [OPENED], [PACK, INPUTS]))

    async def look() -> tuple[int, object]:
        with reading.snapshot():
            looked = await look_through(reading, await reading.runs(), lambda *_: None, tell=meanwhile)
        return looked.spine.rows, looked.damages

    assert wait(look()) == (4, [])
    assert after["r-1"] > 2


def _at(home: Path, elsewhere: Path) -> Any:
    return services({}, home=home, config=Config(anchors=Anchors(f"{elsewhere}")))


@pytest.mark.parametrize("is_early", [True, False], ids=["while the anchor is asked", "right after it"])
def test_what_an_anchor_gets_while_somebody_verifies_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_early: bool
) -> None:
    """Another process ends a run and sends its checkpoint: the copy is newer than the look, and nothing was cut off."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    writing = signed_store(home)
    write(writing, "r-1", 0, OPENED, entered(1))

    async def goes_on() -> None:
        await writing.append("r-1", 2, datetime.now(UTC), DRIVER, [ENDED])
        async with _at(home, elsewhere) as other:
            await anchor(other)

    async def body() -> VerifyReport:
        async with _at(home, elsewhere) as at:
            await anchor(at)
            ask = at.copies.kept

            async def kept(seconds: float) -> Mapping[int, bytes]:
                if is_early:
                    await goes_on()
                answer: Mapping[int, bytes] = await ask(seconds)
                if not is_early:
                    await goes_on()
                return answer

            monkeypatch.setattr(at.copies, "kept", kept)
            return await verify(at)

    report = wait(body())
    assert len(list(elsewhere.iterdir())) == 2
    assert (report.damages, report.alarm, report.entries) == ((), None, 3)


def _filled(home: Path, first: int, runs: int) -> None:
    """Runs of a hundred entries with some material each."""
    store = signed_store(home)
    for number in range(first, first + runs):
        notes = [seal(bytes(1000), f"{number:08}-{seq:07}".encode()) for seq in range(20)]
        events: list[AnyEvent] = [OPENED, *(NoteAdded("S1", note.digest) for note in notes)]
        events += [entered(visit) for visit in range(1, 79)]
        wait(store.append(f"r-{number}", 0, AT, DRIVER, [*events, ENDED], [PACK, INPUTS, *notes]))
    wait(store.close())


async def _peak(at: Services) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        report = await verify(at)
        assert report.damages == ()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_journal_of_years_needs_no_more_memory_than_one_of_a_month(tmp_path: Path) -> None:
    """Three times as many runs: what grows is a line for each run, and not its entries, its spine or its material."""

    async def body() -> int:
        async with services({}, home=tmp_path) as at:
            return await _peak(at)

    _filled(tmp_path, 1, 60)
    wait(body())  # what is made once
    few = wait(body())
    _filled(tmp_path, 61, 120)
    many = wait(body())
    assert many - few < 120 * 2_000  # of a run's hundred entries alone are more than 30,000 bytes
