"""A command prints a secret, or everything that may hold one."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.programs import innermost
from runbook_keys.lint.script import Command, Script
from runbook_keys.model.finding import Level

NAME = "printed-secret"
LEVEL = Level.ERROR

_PRINTS = frozenset({"echo", "printf", "cat", "tee", "logger", "base64", "xxd", "od", "hexdump", "rev", "tr"})
_DUMPS = frozenset({"env", "printenv", "set", "declare", "typeset", "export"})
_ENCODES = frozenset(
    {"base64", "xxd", "od", "hexdump", "rev", "cat", "tee", "head", "tail", "tr", "fold", "logger"}
)


def find(material: Material) -> Iterator[Fault]:
    """Each command that shows a secret, a dump of the environment, or a trace of what runs."""
    for scripted in material.scripts:
        for command in scripted.script.commands:
            what = _shown(command, scripted.script, material.secrets)
            if what:
                reason = f"{scripted.place.as_subject} shows {what}."
                mend = 'Hand it on by a pipe, or show that it is there: test -n "$NAME".'
                yield Fault(scripted.place.line(command.line), reason, mend)


def _shown(command: Command, script: Script, secrets: frozenset[str]) -> str:
    command = innermost(command)
    shapes = [word.shape for word in command.arguments]
    if command.name == "set" and any(shape.startswith("-") and "x" in shape for shape in shapes):
        return "each command with its values (set -x)"
    if command.name in ("bash", "sh") and any(shape in ("-x", "-xe", "-ex") for shape in shapes):
        return "each command with its values (bash -x)"
    if command.name in _DUMPS and _is_dump(command, shapes) and _is_visible(command):
        return f"the whole environment ({command.name})"
    if command.name == "curl" and secrets and any(_is_verbose(shape) for shape in shapes):
        return (
            "request headers, which may hold a secret (curl --verbose)"
            if _uses_secret(script, secrets)
            else ""
        )
    names = _secrets_given(command, secrets) if command.name in _PRINTS and _is_visible(command) else []
    return f"the secret {names[0]}" if names else ""


def _is_dump(command: Command, shapes: list[str]) -> bool:
    operands = [shape for shape in shapes if not shape.startswith("-") and "=" not in shape]
    has_word = bool(operands) or any("=" in shape for shape in shapes)
    return not has_word and not (command.name == "set" and shapes)


def _is_visible(command: Command) -> bool:
    """True where the output reaches the screen: not a variable, a file, or a program that does not just pass it on."""
    is_in_file = any(redirect.is_writing and redirect.sign != "2>" for redirect in command.place.redirects)
    is_passed_on = command.place.feeds is not None and command.place.feeds not in _ENCODES
    return not (command.place.is_captured or is_in_file or is_passed_on)


def _is_verbose(shape: str) -> bool:
    return shape in ("--verbose", "--trace", "--trace-ascii") or (
        shape.startswith("-") and not shape.startswith("--") and "v" in shape and shape[1:].isalpha()
    )


def _secrets_given(command: Command, secrets: frozenset[str]) -> list[str]:
    inputs = [redirect.to for redirect in command.place.redirects if redirect.is_reading and redirect.to]
    words = [*command.arguments, *inputs]
    return [name for word in words for name in word.names if name in secrets]


def _uses_secret(script: Script, secrets: frozenset[str]) -> bool:
    return any(use.name in secrets for use in script.uses)
