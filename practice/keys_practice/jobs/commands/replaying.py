"""queuectl replay: dead letters again, oldest first, slowly, and none whose effect has happened already.

The queue itself remembers what is done: a replay that was killed is continued by calling it again.
"""

import argparse
import time
from typing import Any

from keys_practice.commands.frame import Command, Result, facts
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.jobs.commands import ask
from keys_practice.layout import Layout

PER_SECOND, MOST_PER_SECOND = 5.0, 20.0


def replay(layout: Layout, asked: argparse.Namespace) -> Result:
    """Queue dead letters again. Those of a crash only by name: the next attempt would crash as well."""
    letters = ask.desk(layout, "dead")["jobs"]
    chosen = [each["id"] for each in letters if _is_chosen(each, asked.jobs)]
    content: dict[str, Any] = {"dead": len(letters), "chosen": len(chosen), "dry_run": asked.dry_run}
    if asked.dry_run:
        return Result({**content, "jobs": chosen}, facts({**content, "jobs": " ".join(chosen) or None}))
    tally = {"replayed": 0, "settled": 0, "skipped": 0}
    due = time.monotonic()
    for job in chosen:
        time.sleep(max(0.0, due - time.monotonic()))
        due = time.monotonic() + 1 / asked.per_second
        tally[_again(layout, job)] += 1
    return Result({**content, **tally}, facts({**content, **tally}))


def _is_chosen(letter: dict[str, Any], wanted: list[str]) -> bool:
    return letter["id"] in wanted if wanted else letter["cause"] != "crash"


def _again(layout: Layout, job: str) -> str:
    """Queue one job again, or settle it where its message went out. Raises Unreachable when that can't be known."""
    is_sent = bool(ask.messages(layout, job))
    try:
        ask.change(layout, "settle" if is_sent else "replay", job=job)
    except Unreachable:
        raise
    except PracticeError:
        return "skipped"  # it is no dead letter any more: somebody else was faster
    return "settled" if is_sent else "replayed"


def _rate(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= MOST_PER_SECOND:
        raise argparse.ArgumentTypeError(f"{text!r} is no number up to {MOST_PER_SECOND:.0f}")
    return found


def add_to(command: Command) -> None:
    """Add the verb to queuectl."""
    parser = command.verb(
        "replay", "dead letters again, oldest first; not those of a crash unless named", replay
    )
    parser.add_argument("jobs", nargs="*", metavar="JOB")
    parser.add_argument(
        "--per-second", type=_rate, default=PER_SECOND, metavar="N", help="at most (default 5)"
    )
    parser.add_argument("--dry-run", action="store_true", help="say which, and change nothing")
