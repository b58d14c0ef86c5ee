"""A command waits for a person or never ends, and in a run nothing answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.programs import SHELLS, innermost, ssh_command
from runbook_keys.lint.script import Command, Word
from runbook_keys.model.finding import Level

NAME = "interactive-command"
LEVEL = Level.ERROR

_ALWAYS = {
    **dict.fromkeys("vi vim nvim nano emacs pico ed".split(), "opens an editor"),
    **dict.fromkeys("less more most man".split(), "waits for keys"),
    **dict.fromkeys("htop atop iotop nmon watch screen tmux".split(), "needs a terminal"),
    **dict.fromkeys("telnet ftp passwd visudo dialog whiptail select".split(), "asks a person"),
}
_FOLLOWING = {
    "tail": r"-[a-zA-Z0-9]*[fF]|--follow.*|--retry",
    "journalctl": r"-[a-z]*f|--follow",
    "dmesg": r"-[a-zA-Z]*w|--follow",
    "kubectl": r"-w|--watch|-f|--follow",
    "docker": r"-f|--follow",
    "stern": r".*",
}
_CLIENTS = {
    "psql": r"-c.*|--command.*|-f.*|--file.*|-l|--list|--version",
    "mysql": r"-e.*|--execute.*|--version",
    "mongosh": r"--eval.*|-f|--file.*|--version",
    "redis-cli": r"[a-z]+|--stat|--version",
    "sqlite3": r".+\s.+|-version|\..*",
    "bc": r"\w.*",
    "python": r".+",
    "python3": r".+",
    "node": r".+",
    "irb": r"-e.*",
}


def find(material: Material) -> Iterator[Fault]:
    """Each such command; a block has no input and no terminal."""
    for scripted in material.scripts:
        for command in scripted.script.commands:
            found = _why(command)
            if found:
                reason = f"{found[0]}, and in a run nobody answers it."
                yield Fault(scripted.place.line(command.line), reason, found[1])


def _why(command: Command) -> tuple[str, str] | None:
    if command.name == "sudo" and not _has(command, r"-[a-zA-Z]*n[a-zA-Z]*|--non-interactive"):
        return "sudo may ask for a password", "Write sudo -n, which fails instead of asking."
    if command.name == "watch":
        return "watch never ends", "Use **When**: every 5 minutes for 1 hour, and run the command once."
    command = innermost(command)
    if command.name in _ALWAYS:
        return (
            f"{command.name} {_ALWAYS[command.name]}",
            "Use a command that ends by itself and writes its result.",
        )
    if command.name in _CHECKS:
        return _CHECKS[command.name](command)
    if command.name in _FOLLOWING and _follows(command):
        return f"{command.name} follows its output and never ends", "Leave out the option that follows it."
    if command.name in _CLIENTS and not command.has_input and not _has(command, _CLIENTS[command.name]):
        return (
            f"{command.name} waits for commands",
            "Give it the command: an option such as -c, or its input by a pipe.",
        )
    return None


def _has(command: Command, pattern: str) -> bool:
    options = re.compile(pattern, re.IGNORECASE if command.name == "redis-cli" else 0)
    return any(options.fullmatch(word.shape) for word in command.arguments)


def _follows(command: Command) -> bool:
    """`kubectl apply -f` names a file; only `logs -f` and `get -w` follow."""
    words = {word.shape for word in command.arguments}
    if command.name in ("kubectl", "docker") and not words & {"logs", "get", "events", "compose"}:
        return False
    if command.name == "kubectl" and "logs" not in words:
        return bool(words & {"-w", "--watch"})
    return _has(command, _FOLLOWING[command.name])


def _ssh(command: Command) -> tuple[str, str] | None:
    words = " ".join(word.shape for word in command.arguments)
    if not ssh_command(command.arguments) and not re.search(r"(^| )-[a-zA-Z]*[NWGQOV]", words):
        return "ssh opens a shell", "Give it the command to run."
    if not re.search(r"batchmode[= ]?yes", words, re.IGNORECASE):
        return (
            f"{command.name} may ask for a password or a host key",
            f"Write {command.name} -o BatchMode=yes.",
        )
    return None


def _copying(command: Command) -> tuple[str, str] | None:
    words = " ".join(word.shape for word in command.arguments)
    if re.search(r"batchmode[= ]?yes", words, re.IGNORECASE):
        return None
    return f"{command.name} may ask for a password or a host key", f"Write {command.name} -o BatchMode=yes."


def _read(command: Command) -> tuple[str, str] | None:
    if command.has_input:
        return None
    return "read waits for a person", "Make it a step without a block: its ways out are the answers."


def _shell(command: Command) -> tuple[str, str] | None:
    if command.arguments or command.has_input:
        return None
    return f"{command.name} opens a shell", f"Write {command.name} -c 'command'."


def _top(command: Command) -> tuple[str, str] | None:
    return None if _has(command, r"-[a-zA-Z0-9]*b.*") else ("top needs a terminal", "Write top -b -n 1.")


def _prompting(command: Command) -> tuple[str, str] | None:
    return (
        (f"{command.name} -i asks about each file", "Leave out -i.")
        if _has(command, r"-[a-zA-Z]*i[a-zA-Z]*")
        else None
    )


def _package(command: Command) -> tuple[str, str] | None:
    changes = _has(command, r"install|remove|upgrade|purge|autoremove|update")
    is_silent = _has(command, r"-[a-z]*y[a-z]*|--yes|--assume-yes|update|-q+y")
    return (
        (f"{command.name} asks before it changes anything", f"Write {command.name} -y.")
        if changes and not is_silent
        else None
    )


def _container(command: Command) -> tuple[str, str] | None:
    if any(word.shape in ("exec", "run", "attach", "debug") for word in command.arguments) and _has(
        command, r"-[a-z]*t[a-z]*|--tty"
    ):
        return f"{command.name} -t needs a terminal", "Leave out -t and -i."
    if command.name != "docker" and any(word.shape == "edit" for word in command.arguments):
        return f"{command.name} edit opens an editor", f"Use {command.name} patch or apply."
    return (
        None
        if not _follows(command)
        else (f"{command.name} follows its output and never ends", "Leave out -f or -w.")
    )


def _git(command: Command) -> tuple[str, str] | None:
    words: list[Word] = list(command.arguments)
    shapes = [word.shape for word in words]
    if "commit" in shapes and not _has(command, r"-[a-z]*m.*|--message.*|--no-edit|-F|--file.*|-C"):
        return "git commit opens an editor", "Write git commit -m 'why'."
    if {"rebase", "add"} & set(shapes) and {"-i", "--interactive", "-p", "--patch"} & set(shapes):
        return "git asks about each change", "Leave out -i and -p."
    return None


def _crontab(command: Command) -> tuple[str, str] | None:
    return ("crontab -e opens an editor", "Hand it the new table on stdin.") if _has(command, "-e") else None


def _systemctl(command: Command) -> tuple[str, str] | None:
    is_edit = any(word.shape == "edit" for word in command.arguments)
    return (
        ("systemctl edit opens an editor", "Write the file, then systemctl daemon-reload.")
        if is_edit
        else None
    )


_CHECKS: dict[str, Callable[[Command], tuple[str, str] | None]] = {
    "ssh": _ssh,
    "scp": _copying,
    "sftp": _copying,
    "read": _read,
    "top": _top,
    "rm": _prompting,
    "cp": _prompting,
    "mv": _prompting,
    "apt": _package,
    "apt-get": _package,
    "dnf": _package,
    "yum": _package,
    "kubectl": _container,
    "oc": _container,
    "docker": _container,
    "podman": _container,
    "git": _git,
    "crontab": _crontab,
    "systemctl": _systemctl,
    **dict.fromkeys(SHELLS, _shell),
}
