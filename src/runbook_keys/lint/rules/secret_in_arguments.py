"""A secret is an argument of a program, where every process on the machine can read it."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.script import Command
from runbook_keys.model.finding import Level

NAME = "secret-in-arguments"
LEVEL = Level.ERROR

_BUILTINS = frozenset(
    """: [ [[ test echo printf export local declare typeset readonly read return set unset let eval shift trap
    builtin true false alias""".split()
)


def find(material: Material) -> Iterator[Fault]:
    """Each secret in the words of a program that is not built into the shell."""
    for scripted in material.scripts:
        functions = scripted.script.functions
        for command in scripted.script.commands:
            for name in _secrets_in(command, material.secrets, functions):
                reason = f"The secret {name} is an argument of {command.name or 'a program'}, which all processes can read."
                yield Fault(scripted.place.line(command.line), reason, _mend(name))


def _secrets_in(command: Command, secrets: frozenset[str], functions: set[str]) -> list[str]:
    if command.name in _BUILTINS or command.name in functions:
        return []
    given = [name for word in command.arguments for name in word.names if name in secrets]
    return list(dict.fromkeys(given))


def _mend(name: str) -> str:
    return (
        f'Hand it on by stdin: printf \'%s\' "${name}" | program. Or set it before: NAME="${name}" program.'
    )
