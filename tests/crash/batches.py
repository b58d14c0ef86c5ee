"""All that can be disturbed, cut into batches that several processes take, each with what it does and its row on the page."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path

import msgspec
from clocks import STEPS, set_clock_in_runs
from commands import COMMANDS, disturb_command
from faulty import FAULTS, KILLS, FaultyKeys, Plan, disturb_each, faulty_keys, shim_in
from kills import at_a_call, at_a_moment, kill_in_runs
from msgspec import Struct
from rivals import rivals_in_one_home, rivals_on_one_run
from trial import Tally

KILLS_OF_A_BATCH = 50
ROUNDS_OF_A_BATCH = 5
PIECES = 4
"""A whole run is disturbed at so many times fewer calls in one batch."""
READERS = ("verify", "export", "declare", "anchor", "runs", "show", "report", "checkpoint")


class Batch(Struct, frozen=True):
    """A piece of work: `what` names it for ever, `row` is where it counts, `doing` and the rest say what is done."""

    what: str
    row: str
    doing: str
    kind: str = ""
    is_lasting: bool = False
    first: int = 1
    step: int = 1
    most: int = 0
    seed: int = 0


class Asked(Struct, frozen=True):
    """How much: kills of runs, every how many calls, rounds of rivals; the seed of what is chosen."""

    kills: int
    every: int
    rounds: int
    seed: int


def batches(asked: Asked) -> list[Batch]:
    """The quick ones that look at every part first; the many kills last."""
    return [*_faults(asked), *_commands(asked), *_clocks(asked), *_rivals(asked), *_kills(asked)]


def _faults(asked: Asked) -> Iterator[Batch]:
    for kind, words in FAULTS.items():
        for is_lasting in (False, True):
            row = f"{words}, {'from then on' if is_lasting else 'once'}"
            for piece in range(PIECES):
                what, first = f"{row} {asked.every} {piece}", 1 + piece * asked.every
                yield Batch(what, row, "run", kind, is_lasting, first, asked.every * PIECES)


def _commands(asked: Asked) -> Iterator[Batch]:
    for name, command in COMMANDS.items():
        for kind in KILLS:
            row = f"`kill -9` in: {command.words}"
            yield Batch(f"{row} {kind} {asked.every}", row, name, kind, step=asked.every)
    for kind in ("unreadable", "part"):
        for name in READERS:
            row = f"{FAULTS[kind]}, in a command beside a run"
            yield Batch(f"{row} {name} {asked.every}", row, name, kind, step=asked.every)


def _clocks(asked: Asked) -> Iterator[Batch]:
    for words in STEPS:
        row = f"the clock is set in the middle of a run: {words}"
        yield Batch(f"{row} {asked.every}", row, "clock", words, step=asked.every)


def _rivals(asked: Asked) -> Iterator[Batch]:
    for doing, row in _RIVALS.items():
        for first in range(0, asked.rounds, ROUNDS_OF_A_BATCH):
            most = min(ROUNDS_OF_A_BATCH, asked.rounds - first)
            yield Batch(
                f"{row} {first} {most} {asked.seed}", row, doing, first=first, most=most, seed=asked.seed
            )


def _kills(asked: Asked) -> Iterator[Batch]:
    for number, begun in enumerate(range(0, asked.kills, KILLS_OF_A_BATCH)):
        doing, most = list(_KILLS)[number % len(_KILLS)], min(KILLS_OF_A_BATCH, asked.kills - begun)
        row, _ = _KILLS[doing]
        first = number * 10 * KILLS_OF_A_BATCH
        yield Batch(f"{row} {begun} {most} {asked.seed}", row, doing, first=first, most=most, seed=asked.seed)


_KILLS = {
    "call": ("`kill -9` of a run at a random call that changes a file", at_a_call),
    "moment": ("`kill -9` of a run at a random moment", at_a_moment),
}
_RIVALS = {
    "rivals": "three `keys resume` of one run at once, often one of them killed",
    "home": "three `keys run` in one new home at once, one of them killed",
}


_servers: list[AbstractContextManager[FaultyKeys]] = []
_programs: list[FaultyKeys] = []


def _begin(shim: Path) -> None:
    """Start this process's own preloaded one, for all its batches."""
    _servers.append(faulty_keys(shim))
    _programs.append(_servers[0].__enter__())


def work(batch: Batch) -> Tally:
    """Do one batch, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="keys-faults-") as name:
        return _done(_programs[0], Path(name), batch)


def _done(program: FaultyKeys, folder: Path, batch: Batch) -> Tally:
    numbers, rounds = count(batch.first, batch.step), range(batch.first, batch.first + batch.most)
    match batch.doing:
        case "call" | "moment":
            _, kill = _KILLS[batch.doing]
            return kill_in_runs(program, folder, kill, batch.seed, numbers, batch.most)
        case "rivals":
            return rivals_on_one_run(folder, batch.seed, rounds)
        case "home":
            return rivals_in_one_home(folder, batch.seed, rounds)
        case "clock":
            return set_clock_in_runs(program, folder, STEPS[batch.kind], numbers)
        case "run":
            return disturb_each(program, folder, Plan(batch.kind, is_lasting=batch.is_lasting), numbers)
        case _:
            return disturb_command(program, folder, batch.doing, Plan(batch.kind), numbers)


def work_through(todo: Iterable[Batch], jobs: int, record: Path | None) -> Iterator[tuple[Batch, Tally]]:
    """Every batch with its tally as it ends, in several processes; those that `record` holds are not done again."""
    known = _recorded(record)
    open_ones = [batch for batch in todo if batch.what not in known]
    for batch in todo:
        if batch.what in known:
            yield batch, known[batch.what]
    with (
        tempfile.TemporaryDirectory(prefix="keys-faults-") as name,
        ProcessPoolExecutor(jobs, initializer=_begin, initargs=(shim_in(Path(name)),)) as pool,
    ):
        under_way = {pool.submit(work, batch): batch for batch in open_ones}
        for done in as_completed(under_way):
            batch, tally = under_way[done], done.result()
            if record:
                with record.open("ab") as file:
                    file.write(msgspec.json.encode((batch.what, tally)) + b"\n")
            yield batch, tally


def _recorded(record: Path | None) -> dict[str, Tally]:
    if record is None or not record.exists():
        return {}
    # A line that was cut off when the script was killed is done again.
    whole = [line for line in record.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    return dict(msgspec.json.decode(line, type=tuple[str, Tally]) for line in whole)
