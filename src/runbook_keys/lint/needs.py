"""What a runbook needs on the machine that follows it: programs, databases, KEYS."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.programs import read
from runbook_keys.model.runbook import Block, Runbook

BUILTINS = frozenset(
    """. : [ alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo
    enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf
    pushd pwd read readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit
    umask unalias unset wait [[""".split()
)
"""What bash brings itself (bash 5.2, `compgen -b`)."""


def blocks_of(runbook: Runbook) -> Iterator[Block]:
    """Every block that a run may execute."""
    for step in runbook.steps:
        yield from (block for block in (step.block, step.rollback, step.rollback_check, step.probe) if block)
    yield from (item.block for item in runbook.evidence if item.block)


def programs_of(runbook: Runbook) -> frozenset[str]:
    """The programs that its bash blocks call, by name. Raises ImportError where bash can't be read (tree-sitter)."""
    found: set[str] = set()
    for block in blocks_of(runbook):
        if block.language == "bash":
            script = read(block.text)
            names = {command.name for command in script.commands} - script.functions
            found |= {name for name in names if name and name not in BUILTINS}
    return frozenset(found)


def keys_of(runbook: Runbook) -> tuple[str, ...]:
    """The KEYS that it calls, each once, in the order of the text."""
    return tuple(dict.fromkeys(block.key for block in blocks_of(runbook) if block.key))


def languages_of(runbook: Runbook) -> frozenset[str]:
    """The languages of its blocks."""
    return frozenset(block.language for block in blocks_of(runbook))
