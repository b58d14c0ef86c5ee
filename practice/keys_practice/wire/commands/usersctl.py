"""usersctl: what the people who order really get."""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from keys_practice.commands.frame import NO, YES, Command, Result, facts
from keys_practice.layout import Layout
from keys_practice.wire.layout import layout_of

SLOW_MS = 2000
CRASHED, KNOWN = 500, 409
PAUSE_SECONDS = 0.1
PATIENCE_SECONDS = 20

Answers = list[dict[str, Any]]


def summary(layout: Layout, asked: argparse.Namespace) -> Result:
    """Count what the last N answers were."""
    content = _counted(_read(layout)[-asked.answers :])
    return Result(content, facts(content))


def fresh(layout: Layout, asked: argparse.Namespace) -> Result:
    """Wait for N further answers and count what they were; exit 1 when fewer came."""
    before = len(_read(layout))
    deadline = time.monotonic() + asked.seconds
    while len(found := _read(layout)[before:]) < asked.answers and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
    content = _counted(found)
    return Result(content, facts(content), YES if len(found) >= asked.answers else NO)


def served(layout: Layout, asked: argparse.Namespace) -> Result:
    """Answer whether each of the answers was a good one: full, or (with --degraded-too) degraded and marked."""
    if asked.fresh:
        asked.answers, asked.seconds = asked.fresh, PATIENCE_SECONDS
        found = fresh(layout, asked)
    else:
        asked.answers = asked.last
        found = summary(layout, asked)
    content = found.content
    good = content["paid"] + (content["degraded"] if asked.degraded_too else 0)
    is_served = good == content["answers"] >= asked.answers and 3 * content["slow"] <= content["answers"]
    return Result({**content, "served": is_served}, facts(content), YES if is_served else NO)


def _read(layout: Layout) -> Answers:
    text = layout_of(layout).answers.read_text("utf-8")
    answers = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    crashed: set[str] = set()
    for each in answers:
        if each["status"] == CRASHED:
            crashed.add(each["order"])
        # Who tries again after a crash hears that the order is known already, and has no more of it.
        each["is_crash"] = each["status"] in (CRASHED, KNOWN) and each["order"] in crashed
    return answers


def _counted(answers: Answers) -> dict[str, Any]:
    times = sorted(each["ms"] for each in answers)
    marked = [each["degraded"] is True and each["notice"] for each in answers if each["status"] == 202]
    statuses = [each["status"] for each in answers]
    return {
        "answers": len(answers),
        "paid": statuses.count(201),
        "degraded": marked.count(True),
        "unmarked": len(marked) - marked.count(True),
        "refused": statuses.count(503),
        "refused_because": sorted({each["because"] for each in answers if each.get("because")}),
        "unsure": statuses.count(504),
        "crashed": sum(each["is_crash"] for each in answers),
        "unanswered": statuses.count(0),
        "slow": sum(each > SLOW_MS for each in times),
        "p95_ms": times[len(times) * 95 // 100] if times else 0,
        "first_at": answers[0]["at"] if answers else None,
    }


def main(folder: Path, arguments: list[str]) -> int:
    """Run usersctl."""
    command = Command(
        "usersctl",
        "What users really get. paid: done at once. degraded: accepted, and told what is still to come.\n"
        "unmarked: accepted and not told. refused, unsure, crashed, unanswered: no order. slow: over 2000 ms.",
    )
    past = command.verb("summary", "count the last answers", summary)
    past.add_argument("--answers", type=int, default=40, metavar="N", help="how many (default 40)")
    coming = command.verb("fresh", "wait for further answers and count them", fresh)
    coming.add_argument("--answers", type=int, default=12, metavar="N", help="how many (default 12)")
    coming.add_argument(
        "--seconds", type=float, default=PATIENCE_SECONDS, metavar="S", help="at most so long (default 20)"
    )
    question = command.verb(
        "served", "was every one of the last answers good, and two of three fast? exit 0 yes, 1 no", served
    )
    which = question.add_mutually_exclusive_group()
    which.add_argument("--last", type=int, default=6, metavar="N", help="look at the last N (default 6)")
    which.add_argument("--fresh", type=int, metavar="N", help="wait for N further ones instead")
    question.add_argument("--degraded-too", action="store_true", help="degraded and marked is good too")
    return command.run(folder, arguments)
