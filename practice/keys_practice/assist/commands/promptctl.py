"""promptctl: the registry of prompts, and which of them is in force."""

import argparse
import difflib
from pathlib import Path

from keys_practice.assist.commands import asking
from keys_practice.assist.places import layout_of
from keys_practice.commands.frame import NO, YES, Command, Result, table
from keys_practice.errors import PracticeError
from keys_practice.layout import Layout


def listing(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Every version, its length, and which is in force."""
    in_force = asking.one(layout_of(layout), "prompt")["value"]
    paths = sorted(layout_of(layout).prompts.glob("p*.txt"), key=lambda path: int(path.stem[1:]))
    found = [
        {"version": path.stem, "characters": len(path.read_text("utf-8")), "in_force": path.stem == in_force}
        for path in paths
    ]
    rows = [[each["version"], each["characters"], "in force" if each["in_force"] else ""] for each in found]
    return Result(found, table([list(row) for row in rows]))


def show(layout: Layout, asked: argparse.Namespace) -> Result:
    """The text of one version."""
    text = _text(layout, asked.version)
    return Result({"version": asked.version, "text": text}, text.rstrip("\n"))


def diff(layout: Layout, asked: argparse.Namespace) -> Result:
    """How two versions differ; exit 1 when they do."""
    one, other = (_text(layout, version).splitlines() for version in (asked.version, asked.other))
    lines = list(difflib.unified_diff(one, other, asked.version, asked.other, lineterm=""))
    return Result({"lines": lines}, "\n".join(lines), NO if lines else YES)


def status(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Which version is in force, since when, by whom."""
    return asking.shown(layout, "prompt")


def history(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """When which version came into force, newest first."""
    return asking.history(layout, "prompt")


def use(layout: Layout, asked: argparse.Namespace) -> Result:
    """Put a version in force."""
    return asking.changed(layout, "prompt", asked.version, asked.reason)


def undo(layout: Layout, asked: argparse.Namespace) -> Result:  # noqa: ARG001 - every verb is called alike
    """Put the version before in force again."""
    return asking.undone(layout, "prompt")


def main(folder: Path, arguments: list[str]) -> int:
    """Run promptctl."""
    command = Command(
        "promptctl", "The prompts of the assist service. A version is never edited, only replaced."
    )
    command.verb("list", "every version", listing)
    command.verb("show", "the text of one", show).add_argument("version", metavar="VERSION")
    differ = command.verb("diff", "how two differ; exit 1 when they do", diff)
    differ.add_argument("version", metavar="VERSION")
    differ.add_argument("other", metavar="OTHER")
    command.verb("status", "which is in force, and since when", status)
    command.verb("history", "when which came into force", history)
    used = command.verb("use", "put one in force; undo with `undo`", use)
    used.add_argument("version", metavar="VERSION")
    used.add_argument("--reason", default="", metavar="WORDS", help="why, for the next person")
    command.verb("undo", "put the version before in force again", undo)
    return command.run(folder, arguments)


def _text(layout: Layout, version: str) -> str:
    path = layout_of(layout).prompts / f"{version}.txt"
    if not version.isalnum() or not path.is_file():
        raise PracticeError(f"There is no prompt {version!r}. `promptctl list` names them.")
    return path.read_text("utf-8")
