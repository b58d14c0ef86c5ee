"""assistctl: the service that answers customers: its settings, the golden set, the answers held for a person."""

import argparse
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keys_practice import http_client
from keys_practice.assist import answering, files, settings
from keys_practice.assist.commands import asking
from keys_practice.assist.places import layout_of
from keys_practice.commands.frame import NO, YES, Command, Result, facts, table
from keys_practice.errors import PracticeError, Unreachable
from keys_practice.layout import Layout

NOT_ASKED = ("intake",)  # the golden set goes round the form


def health(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Ask whether the assist service answers."""
    try:
        code = http_client.call("GET", f"{layout.facts()['assist_url']}/healthz", seconds=5).status
    except Unreachable:
        code = 0
    content = {"listening": code != 0, "http_status": code}
    return Result(content, facts(content), YES if code == 200 else NO)


def show(layout: Layout, asked: argparse.Namespace) -> Result:
    """Every setting's value, or all about one."""
    if asked.name:
        return asking.shown(layout, asked.name)
    content = settings.values(layout_of(layout))
    return Result(content, facts(content))


def history(layout: Layout, asked: argparse.Namespace) -> Result:
    """Changes of settings, newest first."""
    return asking.history(layout, asked.name)


def change(layout: Layout, asked: argparse.Namespace) -> Result:
    """Set one setting."""
    return asking.changed(layout, asked.name, asked.value, asked.reason)


def undo(layout: Layout, asked: argparse.Namespace) -> Result:
    """Put back the value before the last change."""
    return asking.undone(layout, asked.name)


def good(layout: Layout, asked: argparse.Namespace) -> Result:
    """What was in force in the last accepted night; with a name, its value alone."""
    found = answering.good(layout_of(layout))
    if not asked.name:
        return Result(found, facts(found))
    if asked.name not in settings.RECORDED:
        raise PracticeError(f"Nights record {', '.join(settings.RECORDED)}, not {asked.name!r}.")
    return Result({"name": asked.name, "value": found[asked.name]}, found[asked.name])


def differences(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Settings that are in truth others than in the last accepted night."""
    changed = _changed(layout)
    content = {"night": answering.good(layout_of(layout))["at"], "changed": changed}
    rows = [[each["name"], each["good"], each["now"]] for each in changed]
    return Result(content, table([["setting", "that night", "now"], *rows]) if rows else "nothing")


def golden(layout: Layout, asked: argparse.Namespace) -> Result:
    """Ask the golden set; no customer sees it."""
    names = (
        [each["name"] for each in _changed(layout) if each["name"] not in NOT_ASKED] if asked.put_back else []
    )
    content = asking.golden(layout, asked.rounds, names)
    return Result(content, facts(content))


def summary(layout: Layout, asked: argparse.Namespace) -> Result:
    """Count how the last answers to customers ended."""
    last = files.rows(layout_of(layout).answers)[-asked.last :]
    content = {"answers": len(last), **Counter(row["outcome"] for row in last)}
    return Result(content, facts(content))


def mark(layout: Layout, asked: argparse.Namespace) -> Result:
    """Hold every affected answer for a person."""
    place = layout_of(layout)
    held = answering.reviews(place)
    fresh = [each for each in answering.affected(place, asking.alias(layout)) if each not in held]
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    note = {"at": at, "by": asking.BY, "reason": asked.reason}
    if fresh:
        files.replace_object(place.reviews, {**held, **dict.fromkeys(fresh, note)})
    return Result({"marked": len(fresh), "held": len(held) + len(fresh)}, f"marked: {len(fresh)}")


def release(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Take back the last marking."""
    held = answering.reviews(layout_of(layout))
    last = max((note["at"] for note in held.values()), default=None)
    kept = {name: note for name, note in held.items() if note["at"] != last}
    files.replace_object(layout_of(layout).reviews, kept)
    return Result(
        {"released": len(held) - len(kept), "held": len(kept)}, f"released: {len(held) - len(kept)}"
    )


def review_status(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """How many answers are affected, how many are held, and how many of the affected are not."""
    held = answering.reviews(layout_of(layout))
    found = answering.affected(layout_of(layout), asking.alias(layout))
    missing = sum(each not in held for each in found)
    content = {"affected": len(found), "held": len(held), "missing": missing}
    return Result(content, facts(content))


def review_list(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """The answers that a person has to look at, with question and answer."""
    held = answering.reviews(layout_of(layout))
    found = [row for row in files.rows(layout_of(layout).answers) if row["id"] in held]
    return Result(
        found, table([[row["id"], row["question"], row["told"]] for row in found]) if found else "none"
    )


def main(folder: Path, arguments: list[str]) -> int:
    """Run assistctl."""
    command = Command("assistctl", "The service that answers customers by asking a model.")
    command.verb("health", "does the service answer? exit 0 yes, 1 no", health)
    command.verb("differences", "settings that changed since the last accepted night", differences)
    _add_settings(command)
    _add_golden(command)
    counted = command.verb("summary", "how the last answers ended", summary)
    counted.add_argument("--last", type=int, default=60, metavar="N", help="how many (default 60)")
    _add_review(command)
    return command.run(folder, arguments)


def _add_settings(command: Command) -> None:
    group = command.group("settings", "how questions are answered")
    verbs = {
        "show": ("every value, or all about one setting", show),
        "history": ("changes, newest first", history),
        "good": ("what was in force in the last accepted night", good),
    }
    for name, (about, do) in verbs.items():
        command.verb(name, about, do, group).add_argument("name", nargs="?", default="", metavar="NAME")
    put = command.verb("set", "set one; undo with `undo`", change, group)
    put.add_argument("name", metavar="NAME")
    put.add_argument("value", metavar="VALUE")
    put.add_argument("--reason", default="", metavar="WORDS", help="why, for the next person")
    command.verb("undo", "put back the value before the last change", undo, group).add_argument(
        "name", metavar="NAME"
    )


def _add_golden(command: Command) -> None:
    group = command.group("golden", "the questions whose right answers are known")
    asks = command.verb("ask", "ask them all; the answers are added to the golden log", golden, group)
    asks.add_argument("--rounds", type=int, default=3, metavar="N", help="how often each (default 3)")
    asks.add_argument(
        "--put-back",
        action="store_true",
        help="ask again with each changed setting as it was in the good night",
    )


def _add_review(command: Command) -> None:
    group = command.group("review", "answers that are held for a person")
    marks = command.verb("mark", "hold every affected answer; undo with `undo`", mark, group)
    marks.add_argument("--reason", default="", metavar="WORDS", help="why, for the reviewer")
    command.verb("undo", "take back the last marking", release, group)
    command.verb("status", "affected, held, and missing: affected and not held", review_status, group)
    command.verb("list", "the answers to look at", review_list, group)


def _changed(layout: Layout) -> list[dict[str, Any]]:
    before = answering.good(layout_of(layout))
    now = answering.in_force(layout_of(layout), asking.alias(layout))
    return [
        {"name": name, "good": before[name], "now": now[name]}
        for name in settings.RECORDED
        if before[name] != now[name]
    ]
