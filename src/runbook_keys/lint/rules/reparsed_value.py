"""A value is read as a program: by eval, another shell, ssh, awk, SQL, arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material, PlacedScript
from runbook_keys.lint.programs import SHELLS, innermost, shell_text
from runbook_keys.lint.script import Command, Word
from runbook_keys.lint.tools import SQL_CLIENTS
from runbook_keys.model.finding import Level

NAME = "reparsed-value"
LEVEL = Level.ERROR

BY_ARGUMENT = 'Hand it on as an argument: bash -c \'program "$1"\' _ "$NAME".'
_PROGRAM_OPTIONS = {
    "python": ("-c",),
    "python3": ("-c",),
    "perl": ("-e", "-ne", "-pe", "-E"),
    "ruby": ("-e",),
    "node": ("-e", "-p", "--eval", "--print"),
    "php": ("-r",),
    "mongosh": ("--eval",),
} | SQL_CLIENTS
_FIRST_OPERAND = {
    "awk": ("-f", "--file"),
    "gawk": ("-f", "--file"),
    "mawk": ("-f",),
    "sed": ("-e", "-f"),
    "jq": ("-f",),
}
_VALUED = {
    "awk": ("-v", "-F", "--assign"),
    "gawk": ("-v", "-F"),
    "mawk": ("-v", "-F"),
    "jq": ("--indent",),
    "sed": (),
}
_JQ_PAIRS = ("--arg", "--argjson", "--slurpfile", "--rawfile", "--args")
_MENDS = {
    "ssh": "Send it on stdin: printf '%s' \"$NAME\" | ssh host 'program --stdin'.",
    "jq": "Write jq --arg name \"$NAME\" '… $name …'.",
    "psql": "Use an sql block with :'NAME'.",
    "awk": 'Write NAME="$NAME" awk \'… ENVIRON["NAME"] …\'.',
}


def find(material: Material) -> Iterator[Fault]:
    """Each value that another reader takes for its language."""
    for scripted in material.scripts:
        known = scripted.place.values
        for command in scripted.script.commands:
            yield from _in_command(scripted, innermost(command), known)
        for use in scripted.script.uses:
            if use.is_indirect or (use.is_arithmetic and use.name in known):
                how = (
                    "names another variable"
                    if use.is_indirect
                    else "is computed with, which runs what it holds"
                )
                reason = f"${use.name} {how}."
                yield Fault(
                    scripted.place.line(use.line),
                    reason,
                    'Compare with [ "$NAME" -eq 1 ], which only compares.',
                )


def _in_command(scripted: PlacedScript, command: Command, known: frozenset[str]) -> Iterator[Fault]:
    program = _program(command)
    names = [] if program is None else _given(program, command, known)
    if program is not None and names:
        reason = f"{command.name} reads ${names[0]} as part of its program."
        yield Fault(scripted.place.line(program.line), reason, _MENDS.get(command.name, BY_ARGUMENT))


def _given(program: Word, command: Command, known: frozenset[str]) -> list[str]:
    """Shells are refused any expansion; the others, whose programs have `$1` of their own, only known values."""
    if command.name in SHELLS | {"eval", "ssh", "su", "trap", "source", ".", "printf"}:
        return list(program.names) or (
            [] if program.is_constant or command.name in ("source", ".") else ["(…)"]
        )
    return [name for name in program.names if name in known]


def _program(command: Command) -> Word | None:
    """The word that the command reads as a program, or None."""
    text = shell_text(command)
    if text is not None:
        return text
    words = command.arguments
    if command.name in ("source", "."):
        return words[0] if words else None
    if command.name == "printf":
        operands = words[2:] if words and words[0].shape == "-v" else words
        return next((word for word in operands if word.shape != "--"), None)
    if command.name == "trap":
        return words[0] if len(words) > 1 else None
    if command.name in _PROGRAM_OPTIONS:
        options = _PROGRAM_OPTIONS[command.name]
        return next((value for option, value in pairwise(words) if option.shape in options), None)
    return _first_operand(command.name, words) if command.name in _FIRST_OPERAND else None


def _first_operand(name: str, words: tuple[Word, ...]) -> Word | None:
    at = 0
    while at < len(words):
        shape = words[at].shape
        if shape == "-e" and name == "sed":
            return words[at + 1] if at + 1 < len(words) else None
        if shape in _FIRST_OPERAND[name]:
            return None
        if not shape.startswith("-") or shape == "-":
            return words[at]
        at += 3 if name == "jq" and shape in _JQ_PAIRS else 2 if shape in _VALUED.get(name, ()) else 1
    return None
