"""The wall clock is set in the middle of a run, by days, forward or back: nothing is lost, and nothing is due because of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from faulty import FaultyKeys, Plan, each_call, finish
from trial import Tally, Trial, hold

from runbook_keys.journal.lines import read
from runbook_keys.model.entry import Entry
from runbook_keys.model.event import ClockStepped, EscalationDue

STEPS = {
    "three days forward": 3 * 86_400,
    "three days back": -3 * 86_400,
    "an hour back": -3600,
    "two minutes forward": 120,
}
NEAR = timedelta(seconds=60)


def set_clock_in_runs(
    program: FaultyKeys, folder: Path, seconds: int, numbers: Iterable[int] | None = None
) -> Tally:
    """Set the clock before call 1, 2, 3 … of a run that changes a file (or those of `numbers`); it stays so for this process."""
    return each_call(program, folder, Plan("clock", seconds=seconds), numbers, _one)


def _one(program: FaultyKeys, trial: Trial, plan: Plan, tally: Tally) -> bool:
    told = program.keys(trial, plan)
    if not told.met:
        return False
    tally.disturbed += 1
    tally.unknown += trial.check()
    entries = [read(each) for each in trial.entries()]
    hold(told.code == 0, f"the run ends with {told.code}: {told.screen[-800:]}")
    _check_record(entries, plan.seconds)
    _check_screens(program, trial, told.screen)
    finish(program, trial, tally)
    return True


def _check_record(entries: list[Entry], seconds: int) -> None:
    hold(all(one.at <= next_one.at for one, next_one in pairwise(entries)), "times go backwards")
    hold(not [each for each in entries if isinstance(each.event, EscalationDue)], "it escalated by the clock")
    steps = [each.event.by_ms / 1000 for each in entries if isinstance(each.event, ClockStepped)]
    # Set before the run was opened, it is no step of this run; after the last entry nobody writes it.
    was_set_before = abs(entries[0].at - datetime.now(UTC) - timedelta(seconds=seconds)) < NEAR
    is_seen = len(steps) == 1 and abs(steps[0] - seconds) < NEAR.total_seconds()
    is_late = not steps and abs(entries[-1].at - datetime.now(UTC)) < NEAR
    hold(is_seen or (was_set_before and not steps) or is_late, f"the record says of the clock: {steps}")


def _check_screens(program: FaultyKeys, trial: Trial, screen: str) -> None:
    """No length of time is negative, on screens and in the figures."""
    figures = program.run(["stats"], trial.environment(), trial.folder)
    hold(figures.code == 0, figures.screen)
    for text in (screen, figures.screen):
        hold(not re.search(r"(?<![\w-])-\d", text), f"a negative time is shown: {text[-800:]}")
    shown = program.run(["show", trial.run_name(), "--json"], trial.environment(), trial.folder)
    hold(shown.code == 0, shown.screen)
    hold(not list(_negative(json.loads(shown.screen))), f"a negative figure: {shown.screen[-800:]}")


def _negative(found: object) -> Iterable[float]:
    match found:
        case dict():
            for name, value in found.items():
                yield from () if name == "by_ms" else _negative(value)
        case list():
            for value in found:
                yield from _negative(value)
        case int() | float() if found < 0:
            yield found
