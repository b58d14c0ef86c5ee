"""A captured value is an argument that a program could take for an option or a file."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.programs import innermost
from runbook_keys.lint.script import Command, Word
from runbook_keys.model.finding import Level

NAME = "option-like-value"
LEVEL = Level.WARNING

_TAKES_ANYTHING = frozenset(
    {"", "echo", "printf", "test", "[", "[[", "export", "local", "declare", "return", "exit", "let"}
)
_READS_FILES = frozenset(
    {"-d", "--data", "--data-binary", "--data-urlencode", "--json", "-F", "--form", "-H", "--header"}
)


def find(material: Material) -> Iterator[Fault]:
    """Each capture that begins a word of a program without `--` before it. Inputs can't begin with `-` or `@`."""
    captures = frozenset(material.captures.values()) - material.inputs
    for scripted in material.scripts:
        for command in scripted.script.commands:
            for word, name in _loose(innermost(command), captures):
                reason = f"${name} comes from another command's output; {command.name} takes a leading - for an option."
                yield Fault(
                    scripted.place.line(word.line),
                    reason,
                    f'Write -- before it: {command.name} -- "${name}".',
                )


def _loose(command: Command, captures: frozenset[str]) -> Iterator[tuple[Word, str]]:
    if command.name in _TAKES_ANYTHING:
        return
    before = ""
    for word in command.arguments:
        if word.shape == "--":
            return
        name = next(
            (each for each in word.names[:1] if each in captures and word.shape.startswith(f"${each}")), None
        )
        is_value = before.startswith("-") and before not in _READS_FILES
        if name is not None and not is_value:
            yield word, name
        before = word.shape
