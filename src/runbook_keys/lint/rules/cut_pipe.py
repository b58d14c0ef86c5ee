"""A pipe ends early, and the block fails although all is well."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.script import Command
from runbook_keys.model.finding import Level

NAME = "cut-pipe"
LEVEL = Level.WARNING


def find(material: Material) -> Iterator[Fault]:
    """Each `… | head` and `… | grep -q`: the first part is cut off, and `pipefail` makes that exit code 141."""
    for scripted in material.scripts:
        for command in scripted.script.commands:
            if command.place.is_piped_into and _stops_early(command):
                reason = f"{command.name} may stop reading early; the block then fails with exit code 141."
                yield Fault(scripted.place.line(command.line), reason, _mend(command))


def _stops_early(command: Command) -> bool:
    if command.place.is_tolerated:
        return False
    shapes = [word.shape for word in command.arguments]
    if command.name == "head":
        return not any(shape.startswith(("-c-", "-n-", "--lines=-", "--bytes=-")) for shape in shapes)
    is_quiet = any(shape in ("--quiet", "--silent") or _has_letter(shape, "q") for shape in shapes)
    return command.name in ("grep", "egrep", "fgrep", "rg") and is_quiet


def _has_letter(shape: str, letter: str) -> bool:
    return shape.startswith("-") and not shape.startswith("--") and letter in shape


def _mend(command: Command) -> str:
    if command.name == "head":
        return "Write sed -n 1p, which reads to the end."
    return f"Write {command.name} without -q, and > /dev/null."
