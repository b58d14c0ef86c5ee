"""Which program a command really runs: behind `sudo`, `timeout`, `xargs`, `find -exec`, `ssh`, `bash -c`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.lint.script import Command, Script, Word
from runbook_keys.lint.shell import script_of

DEEPEST = 3
"""Programs within programs that are followed; whoever nests deeper than this has other troubles."""

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"})


class Wrapper(Struct, frozen=True):
    """A program that runs another one: its options that take a value, and how many words stand before the program."""

    valued: frozenset[str] = frozenset()
    skips: int = 0


def _wrapper(valued: str = "", skips: int = 0) -> Wrapper:
    return Wrapper(frozenset(valued.split()), skips)


WRAPPERS = {
    "sudo": _wrapper("-u --user -g --group -h --host -p --prompt -C -T -D -R"),
    "doas": _wrapper("-u -C"),
    "env": _wrapper("-u --unset -C --chdir -S"),
    "command": _wrapper(),
    "builtin": _wrapper(),
    "exec": _wrapper("-a"),
    "nohup": _wrapper(),
    "setsid": _wrapper(),
    "nice": _wrapper("-n --adjustment"),
    "ionice": _wrapper("-c -n -p"),
    "stdbuf": _wrapper("-i -o -e"),
    "time": _wrapper("-f -o"),
    "timeout": _wrapper("-k --kill-after -s --signal", skips=1),
    "flock": _wrapper("-w --timeout -E", skips=1),
    "chroot": _wrapper(skips=1),
    "xargs": _wrapper("-n -P -I -L -d -a -s -E --max-args --max-procs --replace --delimiter --arg-file"),
    "parallel": _wrapper("-j --jobs"),
    "watch": _wrapper("-n --interval"),
}
_SSH_VALUED = frozenset("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w".split())
_AFTER_DASHES = frozenset({"kubectl", "oc", "docker", "podman", "nsenter", "heroku", "aws-vault"})


def read(text: str, depth: int = 0) -> Script:
    """The facts of a bash text with those of the constant texts that it hands to other shells."""
    script = script_of(text)
    for command in list(script.commands) if depth < DEEPEST else ():
        inner = shell_text(innermost(command))
        if inner is not None and inner.is_constant:
            _merge(script, read(inner.shape, depth + 1), inner.line - 1)
    return script


def _merge(script: Script, inner: Script, lines: int) -> None:
    script.commands += [replace(command, line=command.line + lines) for command in inner.commands]
    script.uses += [replace(use, line=use.line + lines) for use in inner.uses if not use.name.isdigit()]
    script.assignments += [replace(each, line=each.line + lines) for each in inner.assignments]
    script.redirects += inner.redirects
    script.comments += [replace(comment, line=comment.line + lines) for comment in inner.comments]
    script.functions |= inner.functions


def innermost(command: Command) -> Command:
    """The command without the programs that only run it, as `rm x` for `sudo timeout 5 rm x`."""
    for _ in range(DEEPEST):
        words = _inner_words(command)
        if not words:
            return command
        command = replace(command, words=words)
    return command


def _inner_words(command: Command) -> tuple[Word, ...]:
    name = command.name
    if name in WRAPPERS:
        return _after_options(command.arguments, WRAPPERS[name])
    if name == "find":
        return _after(command.arguments, ("-exec", "-execdir", "-ok", "-okdir"))
    if name in _AFTER_DASHES and any(word.shape in ("exec", "run", "debug") for word in command.arguments):
        return _after(command.arguments, ("--",))
    return ()


def _after_options(words: tuple[Word, ...], wrapper: Wrapper) -> tuple[Word, ...]:
    at = 0
    while at < len(words) and (words[at].shape.startswith("-") or _is_assignment(words[at])):
        at += 2 if words[at].shape in wrapper.valued else 1
    return words[at + wrapper.skips :]


def _is_assignment(word: Word) -> bool:
    name, sign, _ = word.shape.partition("=")
    return bool(sign) and name.isidentifier()


def _after(words: tuple[Word, ...], markers: tuple[str, ...]) -> tuple[Word, ...]:
    for at, word in enumerate(words):
        if word.shape in markers:
            return words[at + 1 :]
    return ()


def shell_text(command: Command) -> Word | None:
    """The word that another shell will read as a program (`bash -c`, `eval`, `ssh host`, `su -c`); None for most."""
    words = command.arguments
    if command.name in SHELLS:
        return _valued(
            words, lambda shape: shape.startswith("-") and not shape.startswith("--") and "c" in shape
        )
    if command.name in ("su", "runuser"):
        return _valued(words, lambda shape: shape in ("-c", "--command"))
    if command.name == "ssh":
        return _joined(ssh_command(words))
    if command.name == "eval":
        return _joined(words)
    return None


def ssh_command(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """What the far side of `ssh` is given: the words after its options and the host."""
    return _after_options(words, Wrapper(_SSH_VALUED, skips=1))


def _valued(words: tuple[Word, ...], is_option: Callable[[str], bool]) -> Word | None:
    return next((value for option, value in pairwise(words) if is_option(option.shape)), None)


def _joined(words: tuple[Word, ...]) -> Word | None:
    if not words:
        return None
    names = tuple(name for word in words for name in word.names)
    is_constant = all(word.is_constant for word in words)
    return Word(" ".join(word.shape for word in words), words[0].line, names, is_constant)
