"""`kill -9` at random moments, and two processes on one run: what was acknowledged is there, and nothing half."""

from __future__ import annotations

import random
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from journals import OTHER, RUN, entered, findings, open_run, wait, write

from runbook_keys.errors import RunTaken
from runbook_keys.journal.lines import read
from runbook_keys.model.actor import ActorKind
from runbook_keys.stores.sqlite import SqliteStore

HERE = str(Path(__file__).parent)
WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from journals import RUN, entered, wait, write
from runbook_keys.stores.sqlite import SqliteStore

store = SqliteStore.open(Path(sys.argv[1]))
head = len(wait(store.entries(RUN)))
while True:
    head = write(store, RUN, head, *(entered(head + n) for n in (1, 2, 3)))
    print(head, flush=True)
"""
CONTENDER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from journals import AT, RUN, entered, wait
from runbook_keys.errors import RunTaken
from runbook_keys.model.actor import Actor, ActorKind
from runbook_keys.stores.sqlite import SqliteStore

store = SqliteStore.open(Path(sys.argv[1]))
me = Actor(ActorKind.OPERATOR, sys.argv[3])
won = 0
input()
while (head := len(wait(store.entries(RUN)))) < 200:
    try:
        wait(store.append(RUN, head, AT, me, [entered(head + 1)]))
        won += 1
    except RunTaken:
        pass
print(won)
"""


def start(program: str, path: Path, *more: str) -> subprocess.Popen[bytes]:
    """Another Python process that writes to the journal. Unbuffered: `communicate` must find all that no `readline` took."""
    arguments = [sys.executable, "-c", program, str(path), HERE, *more]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)


def new_journal(path: Path) -> None:
    """A journal with one run of two entries."""
    store = SqliteStore.open(path)
    open_run(store)
    wait(store.close())


def entries(path: Path) -> int:
    """How many entries the run has; everything verifies."""
    assert findings(path) == []
    store = SqliteStore.open(path)
    number = len(wait(store.entries(RUN)))
    wait(store.close())
    return number


def killed_after(process: subprocess.Popen[bytes], seconds: float) -> int:
    """Kill the writer this long after its first acknowledgement; the last head that it acknowledged."""
    assert process.stdout
    first = int(process.stdout.readline())
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        select.select([], [], [], left)
    process.kill()
    told, _ = process.communicate(timeout=30)
    whole = [line for line in told.splitlines(keepends=True) if line.endswith(b"\n")]
    return int(whole[-1]) if whole else first


def kill_many_times(path: Path, times: int, seed: int) -> None:
    """Kill one writer after the other on the same journal, at random moments."""
    chance = random.Random(seed)
    new_journal(path)
    for _ in range(times):
        with start(WRITER, path) as writer:
            acknowledged = killed_after(writer, chance.uniform(0, 0.03))
        kept = entries(path)
        assert acknowledged <= kept <= acknowledged + 3
        assert kept % 3 == 2


def test_a_writer_killed_at_a_random_moment_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """And leaves no half append: each one has three entries."""
    kill_many_times(tmp_path / "journal.db", times=12, seed=1)


@pytest.mark.long
def test_five_hundred_killed_writers_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """The same, long."""
    kill_many_times(tmp_path / "journal.db", times=500, seed=2)


def test_of_two_processes_on_one_run_exactly_one_wins_each_entry(tmp_path: Path) -> None:
    """Who loses the append writes nothing: each entry is there once, and the wins add up."""
    path = tmp_path / "journal.db"
    new_journal(path)
    contenders = {name: start(CONTENDER, path, name) for name in ("ann", "ben")}
    for contender in contenders.values():
        assert contender.stdin
        contender.stdin.write(b"\n")
        contender.stdin.flush()
    won = {name: int(contender.communicate(timeout=120)[0]) for name, contender in contenders.items()}
    assert entries(path) == 200
    store = SqliteStore.open(path)
    actors = [entry.actor for entry in map(read, wait(store.entries(RUN)))]
    wait(store.close())
    written = [actor.name for actor in actors if actor.kind is ActorKind.OPERATOR]
    assert {name: written.count(name) for name in won} == won
    assert sum(won.values()) == 198


def test_a_driver_that_was_paused_past_its_turn_writes_nothing(tmp_path: Path) -> None:
    """It still believes in the old head; its append is refused, and the journal is as the other left it."""
    path = tmp_path / "journal.db"
    new_journal(path)
    paused, other = SqliteStore.open(path), SqliteStore.open(path)
    write(other, RUN, 2, entered(2))
    with pytest.raises(RunTaken, match="stands at entry 3, not 2"):
        write(paused, RUN, 2, entered(9))
    assert write(paused, RUN, 3, entered(3)) == 4
    wait(paused.close())
    wait(other.close())
    assert entries(path) == 4


def test_runs_side_by_side_share_the_spine_without_gaps(tmp_path: Path) -> None:
    """Two drivers, each on its own run and its own connection, never hinder each other."""
    path = tmp_path / "journal.db"
    new_journal(path)
    one, two = SqliteStore.open(path), SqliteStore.open(path)
    open_run(two, OTHER)
    for after in range(2, 30):
        write(one, RUN, after, entered(after))
        write(two, OTHER, after, entered(after))
    assert [row.gseq for row in wait(one.spine())] == list(range(1, 61))
    wait(one.close())
    wait(two.close())
    assert findings(path) == []
