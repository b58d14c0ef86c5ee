"""Several real drivers at once, with kills in between: exactly one leads, the others are told, no action happens twice."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from trial import PATIENCE_SECONDS, Tally, Trial, Violated, hold, poll, started

from runbook_keys.journal.lines import read
from runbook_keys.model.entry import StoredEntry
from runbook_keys.stores.sqlite import SqliteStore

RIVALS = 3
ASKED = "Undoable:"
"""On every screen on which a person is asked something."""
REFUSED = (
    "Another terminal is driving this run",
    "No run is waiting to be resumed",
    "Somebody else has written",
)
"""What a driver is told that does not lead; each with what to do next."""


class Sharing(Trial):
    """A trial whose journal is also that of others."""

    def share(self, home: Path) -> Sharing:
        """Keep the record in this home."""
        self.home = home
        return self

    async def _is_mine(self, store: SqliteStore, stored: Sequence[StoredEntry]) -> bool:
        """Whether the run was opened with this trial's counter."""
        inputs = await store.blob(getattr(read(stored[0]).event, "inputs_blob", ""))
        return f'"{self.counter}"'.encode() in (inputs or b"")

    def _named(self) -> list[str]:
        return [self.run_name()]


def rivals_on_one_run(folder: Path, seed: int, trials: Iterable[int]) -> Tally:
    """Three resumes of one run at once, often with one of them killed, again and again until it ends."""
    return _all(folder, seed, trials, _one_run)


def rivals_in_one_home(folder: Path, seed: int, trials: Iterable[int]) -> Tally:
    """Three runs opened at once in one new home, one of them killed; then each is taken up until it ends."""
    return _all(folder, seed, trials, _one_home)


def _all(
    folder: Path, seed: int, trials: Iterable[int], one: Callable[[Path, random.Random, Tally], None]
) -> Tally:
    tally = Tally()
    for number in trials:
        place = folder / f"rivals-{number}"
        place.mkdir()
        try:
            one(place, random.Random(f"{seed} {number}"), tally)
        except Violated as violated:
            tally.violations.append(f"{one.__name__}, seed {seed}, trial {number}: {violated}")
        shutil.rmtree(place)
    return tally


def _one_run(place: Path, chance: random.Random, tally: Tally) -> None:
    trial = Trial(place)
    first = started(trial)
    poll(lambda: bool(trial.claims() and trial.entries()) or first.poll() is not None, PATIENCE_SECONDS)
    _kill([first], chance.uniform(0, 0.15), chance)
    _said(first)
    for _ in range(20):
        if trial.is_ended():
            break
        _round(trial, chance, tally, is_kill=chance.random() < 0.5)
    trial.check_end(Trial.entries)
    tally.entries += len(trial.entries())


def _round(trial: Trial, chance: random.Random, tally: Tally, *, is_kill: bool) -> None:
    # Who takes over from one that was killed in this round can't be told truthfully what that one did.
    trial.can_tell = not is_kill
    rivals = [started(trial) for _ in range(RIVALS)]
    if is_kill:
        _kill(rivals, chance.uniform(0.2, 1.2), chance)
    screens = [_said(rival) for rival in rivals]
    tally.disturbed += 1
    tally.unknown += trial.check()
    told = [screen for screen, rival in zip(screens, rivals, strict=True) if rival.returncode == 1]
    # One that was too late to lead may be shown the end that another one reached; it is asked nothing.
    hold(is_kill or sum(ASKED in screen for screen in screens) <= 1, f"not one led: {screens}")
    hold(is_kill or any("END:" in screen for screen in screens), f"nobody led: {screens}")
    for screen in told:
        said = " ".join(screen.split())
        hold(any(words in said for words in REFUSED), f"nobody says why it did not lead: {screen[-600:]}")
        hold("keys resume" in said or "keys runs" in said, f"it does not say what to do: {screen[-600:]}")


def _one_home(place: Path, chance: random.Random, tally: Tally) -> None:
    home, trials = place / "home", []
    for number in range(RIVALS):
        (folder := place / f"{number}").mkdir()
        trials.append(Sharing(folder).share(home))
    rivals = [started(trial) for trial in trials]
    _kill(rivals, chance.uniform(0.2, 1.2), chance)
    for rival in rivals:
        _said(rival)
    tally.disturbed += 1
    for trial in trials:
        tally.unknown += trial.check()
        for _ in range(20):
            if trial.is_ended():
                break
            _said(started(trial))
            trial.check()
        trial.check_end(Trial.entries)
        tally.entries += len(trial.entries())


def _kill(rivals: list[subprocess.Popen[str]], seconds: float, chance: random.Random) -> None:
    victim = chance.choice(rivals)
    poll(lambda: victim.poll() is not None, seconds)
    victim.kill()


def _said(process: subprocess.Popen[str]) -> str:
    """What it said, once it has ended. Raises Violated for a crash of ours."""
    try:
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
    hold("Traceback" not in output and "bug of ours" not in output, output)
    return output
