"""A block uses a value that is neither an input nor captured on every path to it."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.book.keycalls import arguments_of
from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material, PlacedBlock, PlacedScript
from runbook_keys.lint.sql import values_in
from runbook_keys.model.finding import Level

NAME = "undeclared-value"
LEVEL = Level.ERROR

_OF_THE_SESSION = frozenset(
    """PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TMPDIR TERM SSH_AUTH_SOCK KUBECONFIG XDG_RUNTIME_DIR XDG_CONFIG_HOME
    http_proxy https_proxy no_proxy all_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY SSL_CERT_FILE SSL_CERT_DIR
    KEYS_ATTEMPT""".split()
)
_OF_BASH = frozenset(
    """BASH BASHPID BASH_VERSION BASH_SOURCE BASH_REMATCH EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME HOSTNAME HOSTTYPE
    IFS LINENO MACHTYPE MAPFILE OLDPWD OPTARG OPTIND OSTYPE PIPESTATUS PPID PWD RANDOM REPLY SECONDS SHLVL SRANDOM UID
    COLUMNS LINES _ ? # ! $ @ * -""".split()
)


def find(material: Material) -> Iterator[Fault]:
    """Each such value, once for each block. Without a sound `pack.json` nobody knows what is declared."""
    if material.metadata is None:
        return
    for scripted in material.scripts:
        yield from _in_bash(material, scripted)
    for placed in material.blocks:
        named = _named(placed)
        for name, line in {
            name: line for name, line in reversed(list(named)) if name not in placed.values
        }.items():
            yield _fault(material, placed, name, line)


def _in_bash(material: Material, scripted: PlacedScript) -> Iterator[Fault]:
    known = scripted.place.values | scripted.script.own_names | _OF_THE_SESSION | _OF_BASH
    seen: set[str] = set()
    for use in scripted.script.uses:
        is_known = use.name in known or use.has_default or use.name.isdigit() or use.name.startswith("LC_")
        if use.name and not is_known and use.name not in seen:
            seen.add(use.name)
            yield _fault(material, scripted.place, use.name, scripted.place.line(use.line))


def _named(placed: PlacedBlock) -> Iterator[tuple[str, int]]:
    """The values that a block names other than in bash, with their lines."""
    block = placed.block
    if block.on:
        yield block.on, block.line
    if block.language == "sql":
        yield from ((name, placed.line(line)) for name, line in values_in(block.text))
    if block.language == "key":
        for argument in arguments_of(block.text, block.line + 1, []):
            if argument.reference:
                yield argument.reference, argument.line


def _fault(material: Material, placed: PlacedBlock, name: str, line: int) -> Fault:
    words = placed.as_subject
    if name in material.captures.values():
        reason = f"{words} uses {name}, and some paths come past the step that captures it."
        return Fault(line, reason, "Let every path to this step pass that capture, or capture it here.")
    return Fault(
        line, f"{words} uses {name}, which is nowhere declared.", f'Add an input "{name}" to pack.json.'
    )
