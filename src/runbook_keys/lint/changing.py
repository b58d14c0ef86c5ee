"""Whether a command or a statement changes something. Known changes only: silence here is no proof, Landlock is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from runbook_keys.lint import tools
from runbook_keys.lint.programs import innermost
from runbook_keys.lint.script import Command, Redirect, Script, Word
from runbook_keys.lint.sql import change_in_sql

Scratch = frozenset[str]
"""Names of variables that lie in the step's own scratch folder."""

_SINKS = re.compile(r"/dev/(null|zero|full|stdout|stderr|tty|fd/\d+)")
_METHODS = ("-X", "--request", "--method")
_BODY_OPTIONS = re.compile(
    r"(-d|--data(-\w+)?|--json|-F|--form(-\w+)?|-T|--upload-file|--post-(data|file))(=.*)?"
)
_REMOTE_PATH = re.compile(r"[\w.@-]+:")


def scratch_names(script: Script) -> Scratch:
    """`TMPDIR`, and the variables that are set to something made there."""
    names = {"TMPDIR"}
    for assignment in script.assignments:
        value = assignment.value
        if value is not None and (
            _is_scratch(value, names) or (value.shape == "$(…)" and _makes(script, assignment.line))
        ):
            names.add(assignment.name)
    return frozenset(names)


def _makes(script: Script, line: int) -> bool:
    return any(command.name == "mktemp" and command.line == line for command in script.commands)


def _is_scratch(word: Word, scratch: Iterable[str]) -> bool:
    return any(word.shape == f"${name}" or word.shape.startswith(f"${name}/") for name in scratch)


def change_by_redirect(redirect: Redirect, scratch: Scratch) -> str | None:
    """What a redirection changes, in words that follow "it"; None where it changes nothing."""
    if not redirect.is_writing or redirect.to is None:
        return None
    if _SINKS.fullmatch(redirect.to.shape) or _is_scratch(redirect.to, scratch):
        return None
    return f"writes to {redirect.to.shape}"


def change_by(command: Command, scratch: Scratch) -> str | None:
    """What a command changes, in words that follow "it"; None where it is not known to change anything."""
    command = innermost(command)
    name = command.name
    if name in _CHECKS:
        return _CHECKS[name](command, scratch)
    if name in tools.WRITES_FILES:
        return None if _stays_in_scratch(command, scratch) else f"{tools.WRITES_FILES[name]} ({name})"
    if name in tools.CHANGES or name.startswith("mkfs."):
        return f"{tools.CHANGES.get(name, 'destroys a file system')} ({name})"
    if name in tools.SQL_CLIENTS:
        return _by_sql_client(command)
    if not name or name in tools.LOOKS or _is_dry(command):
        return None
    return _by_verb(command)


def _stays_in_scratch(command: Command, scratch: Scratch) -> bool:
    operands = positionals(command)
    if command.name in ("cp", "scp", "rsync", "install", "ln"):
        operands = operands[-1:]
    if command.name in ("chmod", "chown", "chgrp", "setfacl"):
        operands = operands[1:]
    return bool(operands) and all(
        _is_scratch(word, scratch) or _SINKS.fullmatch(word.shape) is not None for word in operands
    )


def positionals(command: Command) -> list[Word]:
    """The arguments that are no options, as far as their form tells."""
    return [word for word in command.arguments if not word.shape.startswith("-")]


def _is_dry(command: Command) -> bool:
    return any(
        re.fullmatch(r"--dry-run(=(client|server|true))?|--check|--diff", word.shape)
        for word in command.arguments
    )


def _by_verb(command: Command) -> str | None:
    words = [word.shape for word in positionals(command) if word.is_constant]
    verb = _verb(command.name, words)
    return f"does `{command.name} {verb}`" if verb else None


def _verb(name: str, words: Sequence[str]) -> str | None:
    if name in tools.TOOLS:
        return _listed_verb(name, words)
    if name in tools.CLOUD_TOOLS:
        found = (word for word in words[:4] if word.split("-", 1)[0] in tools.CLOUD_VERBS)
        return next(found, None)
    found = (word for word in words[:2] if word.rsplit(":", 1)[-1].lower() in tools.VERBS)
    return next(found, None)


def _listed_verb(name: str, words: Sequence[str]) -> str | None:
    listed = tools.TOOLS[name].split()
    verb = next((word for word in words[:3] if word.lower() in listed), None)
    if verb is None:
        return None
    looking = tools.LOOKING_SECOND_WORDS.get((name.replace("podman", "docker"), verb.lower()))
    after = words[list(words).index(verb) + 1 :]
    if looking is not None and after and after[0].lower() in looking:
        return None
    return verb


def _by_sql_client(command: Command) -> str | None:
    options = tools.SQL_CLIENTS[command.name]
    for option, value in pairwise([*command.arguments, Word("", command.line)]):
        text = value.shape if option.shape in options else _attached(option.shape, options)
        change = change_in_sql(text) if text else None
        if change:
            return change.what
    return None


def _attached(shape: str, options: Iterable[str]) -> str:
    """The value in `--command=…`; empty where the word is no such option."""
    return next((shape[len(each) + 1 :] for each in options if shape.startswith(f"{each}=")), "")


def _by_http_client(command: Command, scratch: Scratch) -> str | None:
    shapes = [word.shape for word in command.arguments]
    method = _http_method(shapes)
    if method in tools.HTTP_VERBS:
        return f"sends a {method} request"
    if (
        method is None
        and any(_BODY_OPTIONS.fullmatch(shape) for shape in shapes)
        and not {"-G", "--get"} & set(shapes)
    ):
        return "sends data, which is a POST request"
    return _by_output(command, scratch)


def _http_method(shapes: Sequence[str]) -> str | None:
    for option, value in pairwise([*shapes, ""]):
        if option in _METHODS:
            return value.upper()
        if option.startswith(("--request=", "--method=")):
            return option.split("=", 1)[1].upper()
        if re.fullmatch(r"-X[A-Za-z]+", option):
            return option[2:].upper()
    return None


def _by_output(command: Command, scratch: Scratch) -> str | None:
    words = command.arguments
    is_keeping_name = command.name == "curl" and any(word.shape in ("-O", "--remote-name") for word in words)
    if is_keeping_name:
        return "writes a file (curl -O)"
    for option, value in pairwise(words):
        if option.shape in ("-o", "--output", "-O", "--output-document") and value.shape != "-":
            return change_by_redirect(Redirect(">", value), scratch)
    is_wget = command.name == "wget" and not {"-O", "--output-document", "--spider"} & {
        w.shape for w in words
    }
    is_to_screen = any(re.fullmatch(r"-q?O-?|--output-document=-", word.shape) for word in words)
    return "writes a file (wget)" if is_wget and not is_to_screen else None


def _by_httpie(command: Command, _scratch: Scratch) -> str | None:
    method = next((word.shape for word in positionals(command)), "")
    return f"sends a {method} request" if method in tools.HTTP_VERBS else None


def _by_in_place(command: Command, scratch: Scratch) -> str | None:
    is_in_place = any(re.match(r"--in-place|-[nErsuzplw0]*i", word.shape) for word in command.arguments)
    operands = positionals(command)[1:]
    is_own = bool(operands) and all(_is_scratch(word, scratch) for word in operands)
    return f"changes files in place ({command.name} -i)" if is_in_place and not is_own else None


def _by_find(command: Command, _scratch: Scratch) -> str | None:
    is_deleting = any(word.shape in ("-delete", "-fprint", "-fls") for word in command.arguments)
    return "removes files (find -delete)" if is_deleting else None


def _by_archive(command: Command, scratch: Scratch) -> str | None:
    shapes = [word.shape for word in command.arguments]
    is_extracting = any(re.match(r"-?[a-z]*x|--extract|--get", shape) for shape in shapes[:1])
    is_creating = any(re.match(r"-?[a-z]*c|--create", shape) for shape in shapes[:1])
    is_own = any(_is_scratch(word, scratch) for word in command.arguments)
    return "writes files (tar)" if (is_extracting or is_creating) and not is_own else None


def _by_compression(command: Command, scratch: Scratch) -> str | None:
    is_to_stdout = any(
        re.match(r"-[a-z0-9]*[ctl]|--stdout|--test|--list", word.shape) for word in command.arguments
    )
    operands = positionals(command)
    is_own = all(_is_scratch(word, scratch) for word in operands)
    return f"replaces files ({command.name})" if operands and not is_to_stdout and not is_own else None


def _by_service(command: Command, _scratch: Scratch) -> str | None:
    verb = positionals(command)[1:2]
    return f"does `service … {verb[0].shape}`" if verb and verb[0].shape in tools.VERBS else None


def _by_crontab(command: Command, _scratch: Scratch) -> str | None:
    is_listing = any(word.shape == "-l" for word in command.arguments)
    return None if is_listing else "changes the schedule (crontab)"


def _by_firewall(command: Command, _scratch: Scratch) -> str | None:
    is_changing = any(
        re.match(r"-[ADFIPRXZ]\b|--(append|delete|flush|insert|policy)", w.shape) for w in command.arguments
    )
    return f"changes the firewall ({command.name})" if is_changing else None


def _by_sysctl(command: Command, _scratch: Scratch) -> str | None:
    is_writing = any(word.shape in ("-w", "--write", "-p") or "=" in word.shape for word in command.arguments)
    return "changes the kernel's settings (sysctl)" if is_writing else None


def _by_sort(command: Command, scratch: Scratch) -> str | None:
    for option, value in pairwise(command.arguments):
        if option.shape in ("-o", "--output"):
            return change_by_redirect(Redirect(">", value), scratch)
    return None


def _by_killing(command: Command, _scratch: Scratch) -> str | None:
    """`kill -0` only asks whether a process lives, `kill -l` lists signals."""
    is_asking = any(word.shape in ("-0", "-l", "-L") for word in command.arguments)
    return None if is_asking else f"ends processes ({command.name})"


def _by_rsync(command: Command, scratch: Scratch) -> str | None:
    if any(word.shape in ("-n", "--dry-run", "--list-only") for word in command.arguments):
        return None
    return None if _stays_in_scratch(command, scratch) else f"writes files ({command.name})"


_CHECKS: dict[str, Callable[[Command, Scratch], str | None]] = {
    "curl": _by_http_client,
    "wget": _by_http_client,
    "http": _by_httpie,
    "https": _by_httpie,
    "xh": _by_httpie,
    "sed": _by_in_place,
    "perl": _by_in_place,
    "find": _by_find,
    "tar": _by_archive,
    "gzip": _by_compression,
    "gunzip": _by_compression,
    "bzip2": _by_compression,
    "xz": _by_compression,
    "zstd": _by_compression,
    "service": _by_service,
    "crontab": _by_crontab,
    "iptables": _by_firewall,
    "ip6tables": _by_firewall,
    "sysctl": _by_sysctl,
    "sort": _by_sort,
    "kill": _by_killing,
    "pkill": _by_killing,
    "killall": _by_killing,
    "rsync": _by_rsync,
}
