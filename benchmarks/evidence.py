"""What signing and exporting cost: appends that each make a checkpoint, checkpoints verified, the export of a long run.

`python -m benchmarks.evidence` prints the table.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from benchmarks.journal import AT, RUN, _events, _row
from benchmarks.row import Row, table
from runbook_keys.evidence.bundle.bag import manifest
from runbook_keys.evidence.bundle.contents import Guides, build
from runbook_keys.evidence.bundle.source import RunRecord, segment_of
from runbook_keys.journal.checkpoint_check import check_checkpoints
from runbook_keys.journal.lines import read
from runbook_keys.journal.whole import SpineCheck
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.entry import Checkpoint, RunHead, SpineRow, StoredEntry
from runbook_keys.model.event import AnyEvent, ApprovalGranted, StepEntered
from runbook_keys.model.outcome import Role
from runbook_keys.operations.reports.report import FRAMEWORKS, catalogue_of
from runbook_keys.stores.notary import Notary
from runbook_keys.stores.sqlite import SqliteStore
from runbook_keys.system.signing import FolderSigner, is_signed

ROUNDS, APPENDS, LONG_RUN = 5, 200, 1000
APPROVED = ApprovalGranted("A1", Role.WORK, 1, "b", "2026-11-23T03:27:45.123Z")


def measure() -> list[Row]:
    """All rows of this file."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parents[1], prefix=".bench-") as folder:
        rounds = [_signed_and_not(Path(folder, f"{turn}")) for turn in range(ROUNDS)]
        head, stored, spine, checkpoints, keys = asyncio.run(_long_run(Path(folder, "long")))
    key = next(iter(keys.values()))
    catalogues = [catalogue_of(framework) for framework in FRAMEWORKS]

    def verified() -> None:
        SpineCheck().add(spine)
        check_checkpoints(checkpoints, spine, lambda _id, content, value: is_signed(key, content, value))

    def exported() -> None:
        segment = segment_of(1, stored[-1].seq, spine, checkpoints)
        assert segment is not None
        entries = [read(each) for each in stored]
        record = RunRecord(head, stored, entries, segment.spine, segment.checkpoints, {}, frozenset(), keys)
        build(record, "Long", {}, key, Guides(b"", b""), catalogues)

    lines = {f"{each.seq}": each.line for each in stored}
    return [
        _row("appends that each make a signed checkpoint, against none", APPENDS, rounds, ""),
        _row(
            "spine rows verified with their signed checkpoints",
            LONG_RUN,
            [(_seconds(lambda: manifest(lines)), _seconds(verified)) for _ in range(ROUNDS)],
            "≥ 200,000 a second",
        ),
        _row(
            f"entries exported, a run of {LONG_RUN}",
            LONG_RUN,
            [(_seconds(lambda: manifest(lines)), _seconds(exported)) for _ in range(ROUNDS)],
            "≥ 1,000 a second",
        ),
    ]


def _signed_and_not(folder: Path) -> tuple[float, float]:
    plain = SqliteStore.open(folder / "plain.db")
    signed = SqliteStore.open(folder / "signed.db", notary=Notary(FolderSigner(folder / "signing")))
    return asyncio.run(_appended(plain)), asyncio.run(_appended(signed))


async def _appended(store: SqliteStore) -> float:
    await store.append(RUN, 0, AT, DRIVER, [_events(1)[0]])  # the key is made here
    start = time.perf_counter()
    for after in range(1, APPENDS + 1):
        await store.append(RUN, after, AT, DRIVER, [APPROVED])
    seconds = time.perf_counter() - start
    await store.close()
    return seconds


async def _long_run(
    folder: Path,
) -> tuple[RunHead, list[StoredEntry], list[SpineRow], list[Checkpoint], dict[str, bytes]]:
    signer = FolderSigner(folder / "signing")
    store = SqliteStore.open(folder / "journal.db", notary=Notary(signer))
    opened, *attempts = _events(LONG_RUN)
    events: list[AnyEvent] = [opened, StepEntered("D1", 1)]
    for visit, (begun, finished) in enumerate(zip(attempts[::2], attempts[1::2], strict=False), 2):
        events += [begun, replace(finished, output_blob=""), StepEntered("D1", visit)]
    for after, event in enumerate(events[:LONG_RUN]):
        await store.append(RUN, after, AT, DRIVER, [event])
    await store.checkpoint(AT, "export")
    found = (
        (await store.runs())[0],
        await store.entries(RUN),
        await store.spine(),
        await store.checkpoints(),
        dict(signer.public_keys()),
    )
    await store.close()
    return found


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    print(table(measure()), end="")
