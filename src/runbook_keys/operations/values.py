"""The values of a run: where each comes from, what it must look like, and what is missing.

A value given on the command line wins over `keys.toml`, that over the environment, that over the pack's default.
Secrets come from the environment or a prompt and never from the command line, where every process can read them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from runbook_keys.driver.session import Values
from runbook_keys.errors import MissingInput, RefusedInput
from runbook_keys.model.names import refused_name
from runbook_keys.model.pack import DeclaredInput, InputKind
from runbook_keys.ports import Secrets

MAX_VALUE_BYTES = 4096
MIN_SECRET_BYTES = 8


def gather(
    declared: Sequence[DeclaredInput],
    given: Mapping[str, str],
    settings: Mapping[str, str],
    environment: Mapping[str, str],
    secrets: Secrets,
) -> Values:
    """Every declared input's value, checked. Raises MissingInput naming all that are missing, or RefusedInput."""
    _refuse_unknown(declared, given)
    found: dict[str, str] = {}
    missing: list[DeclaredInput] = []
    for wanted in declared:
        value = (
            _secret(wanted, given, secrets) if wanted.secret else _plain(wanted, given, settings, environment)
        )
        if value is None:
            missing.append(wanted)
        else:
            found[wanted.name] = checked(wanted, value)
    if missing:
        raise MissingInput(_missing_message(missing))
    secret_names = frozenset(wanted.name for wanted in declared if wanted.secret)
    return Values(found, secret_names, {name: secrets.digest(name, value) for name, value in found.items()})


def fitting(declared: Sequence[DeclaredInput], known: Mapping[str, str]) -> dict[str, str]:
    """What is known already of the inputs of another runbook; a value that would be refused there is left out."""
    return {each.name: known[each.name] for each in declared if each.name in known and _fits(each, known)}


def _fits(wanted: DeclaredInput, known: Mapping[str, str]) -> bool:
    return not wanted.secret and _fault(wanted, known[wanted.name]) is None


def _refuse_unknown(declared: Sequence[DeclaredInput], given: Mapping[str, str]) -> None:
    known = {wanted.name for wanted in declared}
    for name in given:
        if name not in known:
            names = ", ".join(sorted(known)) or "none"
            raise RefusedInput(f"This runbook has no input {name}. Its inputs: {names}.")


def _plain(
    wanted: DeclaredInput,
    given: Mapping[str, str],
    settings: Mapping[str, str],
    environment: Mapping[str, str],
) -> str | None:
    for source in (given, settings, environment):
        if source.get(wanted.name):
            return source[wanted.name]
    return wanted.default


def _secret(wanted: DeclaredInput, given: Mapping[str, str], secrets: Secrets) -> str | None:
    if wanted.name in given:
        raise RefusedInput(
            f"{wanted.name} is a secret and can't be given on the command line, where others can read it. "
            f"Set it in the environment instead: export {wanted.name}=…"
        )
    return secrets.value(wanted.name) or None


def checked(wanted: DeclaredInput, value: str) -> str:
    """The value if it may reach a command as `wanted`; raises RefusedInput. A secret's value is never in the message."""
    shown = "Its value" if wanted.secret else f"{value[:60]!r}"
    why = refused_name(wanted.name) or _fault(wanted, value)
    if why:
        raise RefusedInput(f"{wanted.name}: {shown} can't be used: {why}. It is: {wanted.description}")
    return value


def _fault(wanted: DeclaredInput, value: str) -> str | None:
    if len(value.encode("utf-8", "surrogatepass")) > MAX_VALUE_BYTES:
        return f"it is longer than {MAX_VALUE_BYTES} bytes"
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        return "it holds a control character, such as a line break"
    if value.startswith(("-", "@")):
        return f"it starts with {value[0]}, which commands take for an option or a file"
    if wanted.secret and len(value.encode()) < MIN_SECRET_BYTES:
        return "a secret shorter than 8 bytes can't be masked safely"
    if wanted.pattern is not None and not re.fullmatch(wanted.pattern, value):
        return f"it does not match {wanted.pattern}"
    return _KIND_FAULTS[wanted.type](wanted, value)


def _any_text(_wanted: DeclaredInput, _value: str) -> str | None:
    return None


def _not_integer(_wanted: DeclaredInput, value: str) -> str | None:
    return None if re.fullmatch(r"[0-9]{1,18}", value) else "it is not a whole number"


def _not_url(_wanted: DeclaredInput, value: str) -> str | None:
    try:
        parts = urlsplit(value)
    except ValueError:
        return "it is not a URL"
    return (
        None if parts.scheme and (parts.netloc or parts.path) else "it is not a URL such as https://host/path"
    )


def _not_path(_wanted: DeclaredInput, value: str) -> str | None:
    return None if value.startswith("/") else "it is not an absolute path"


def _not_host(_wanted: DeclaredInput, value: str) -> str | None:
    is_host = re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?", value)
    return None if is_host else "it is not a host name"


def _not_choice(wanted: DeclaredInput, value: str) -> str | None:
    return None if value in wanted.choices else f"it is none of: {', '.join(wanted.choices)}"


_KIND_FAULTS: dict[InputKind, Callable[[DeclaredInput, str], str | None]] = {
    InputKind.TEXT: _any_text,
    InputKind.INTEGER: _not_integer,
    InputKind.URL: _not_url,
    InputKind.PATH: _not_path,
    InputKind.HOST: _not_host,
    InputKind.CHOICE: _not_choice,
}


def _missing_message(missing: Sequence[DeclaredInput]) -> str:
    lines = [_missing_line(wanted) for wanted in missing]
    count = "A value is" if len(missing) == 1 else f"{len(missing)} values are"
    return f"{count} missing; the run has not started.\n" + "\n".join(lines)


def _missing_line(wanted: DeclaredInput) -> str:
    how = f"export {wanted.name}=…" if wanted.secret else f"--input {wanted.name}={wanted.example}"
    where = f"\n    Where to find it: {wanted.where}" if wanted.where else ""
    return f"  {wanted.name}: {wanted.description}{where}\n    Give it: {how}"
