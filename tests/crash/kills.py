"""`kill -9` in the middle of a run: at a random moment, or at a random one of the calls that change a file.

One number of a trial and one seed give the same choices each time. Which call a process is killed at is then the same
too; at what point of its work a moment of the clock finds it is up to the machine.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from faulty import KILLS, FaultyKeys, Plan
from trial import PATIENCE_SECONDS, Tally, Trial, Violated, hold, poll, started

from runbook_keys.engine.finish import MAX_TRIES
from runbook_keys.journal.lines import read
from runbook_keys.model.event import AttemptFinished
from runbook_keys.model.outcome import OutcomeKind
from runbook_keys.model.runbook import Ending

MOST_CALLS = 260
"""A whole run makes about so many calls that change a file."""

Kill = Callable[[FaultyKeys, Trial, random.Random], bool]
"""Kills the trial's next process; False where it had ended by itself."""


def kill_in_runs(
    program: FaultyKeys, folder: Path, kill: Kill, seed: int, trials: Iterable[int], most: int = 10**6
) -> Tally:
    """Kill `keys run` and `keys resume` up to three times in each of these trials, then let it end; `most` kills or so."""
    tally = Tally()
    for number in trials:
        place = folder / f"trial-{number}"
        place.mkdir()
        chance = random.Random(f"{seed} {number}")
        try:
            _one_life(program, Trial(place), chance, tally, kill)
        except Violated as violated:
            tally.violations.append(f"seed {seed}, trial {number}: {violated}")
        shutil.rmtree(place)
        if tally.disturbed >= most:
            break
    return tally


def _one_life(program: FaultyKeys, trial: Trial, chance: random.Random, tally: Tally, kill: Kill) -> None:
    for _ in range(chance.choice((1, 1, 2, 3))):
        if kill(program, trial, chance):
            _count(trial, tally)
    screen = program.keys(trial).screen
    ending = trial.check_end(program.keys if chance.random() < 0.3 else Trial.entries)
    is_right = ending is Ending.RESOLVED or (ending is Ending.ESCALATED and _was_looked_at_in_vain(trial))
    hold(is_right, f"the run ends {ending}: {screen[-800:]}")
    tally.entries += len(trial.entries())


def _was_looked_at_in_vain(trial: Trial) -> bool:
    """Whether one look was killed as often as it is tried: then nobody knows, and the run calls for help as it must."""
    events = [read(stored).event for stored in trial.entries()]
    lost = Counter(
        event.step
        for event in events
        if isinstance(event, AttemptFinished) and event.outcome is OutcomeKind.UNKNOWN
    )
    return max(lost.values(), default=0) >= MAX_TRIES


def at_a_call(program: FaultyKeys, trial: Trial, chance: random.Random) -> bool:
    """Before a call that changes a file, or in its middle: the same one for the same seed."""
    plan = Plan(chance.choice(list(KILLS)), chance.randint(1, MOST_CALLS))
    return program.keys(trial, plan).code == -signal.SIGKILL


def at_a_moment(program: FaultyKeys, trial: Trial, chance: random.Random) -> bool:
    """At a moment of the clock, mostly of those in which it drives. One in eight begins as a shell would start it."""
    is_driving, seconds = chance.random() < 0.8, chance.uniform(0, 0.3)
    if chance.random() < 0.125:
        return _started_afresh(trial, is_driving, seconds)
    claims = trial.claims()
    pid = program.begin(trial.arguments(), trial.environment(), trial.folder)
    if is_driving:
        poll(lambda: trial.claims() != claims or program.is_over(0), PATIENCE_SECONDS)
    if not program.is_over(seconds):
        with contextlib.suppress(ProcessLookupError):  # it ended in this very moment
            os.kill(pid, signal.SIGKILL)
    return program.end().code == -signal.SIGKILL


def _started_afresh(trial: Trial, is_driving: bool, seconds: float) -> bool:
    claims = trial.claims()
    process = started(trial)
    if is_driving:
        poll(lambda: process.poll() is not None or trial.claims() != claims, PATIENCE_SECONDS)
    poll(lambda: process.poll() is not None, seconds)
    was_running = process.poll() is None
    process.kill()
    # A command of the killed driver may hold the pipe a little longer, so the pipe's end is not waited for.
    process.wait(timeout=PATIENCE_SECONDS)
    assert process.stdout
    process.stdout.close()
    return was_running


def _count(trial: Trial, tally: Tally) -> None:
    tally.disturbed += 1
    tally.unknown += trial.check()
    tally.before_opening += not trial.entries()
    tally.resumed += bool(trial.entries())
