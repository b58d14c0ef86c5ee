"""The arguments of a `key` block: flat `name: value` lines, a small and safe part of YAML.

Every value is text: `no`, `1e3` and `2024-01-01` are what they look like. Tags, anchors, aliases, nesting, flow
collections and block scalars are refused, because each of them has been used to smuggle something past a reader.
"""

from __future__ import annotations

import re

from msgspec import Struct

from runbook_keys.book.problem import Problem, Problems

MAX_ARGUMENTS = 100

_LINE = re.compile(r"([a-z][a-z0-9_]{0,63}):(?:[ \t]+(.*))?")
_REFERENCE = re.compile(r"\$([A-Z][A-Z0-9_]*)")
_SPECIAL = {"!": "a tag", "&": "an anchor", "*": "an alias", "|": "a block scalar", ">": "a block scalar"}
_SPECIAL |= {
    "[": "a list",
    "{": "a mapping",
    "@": "a reserved sign",
    "`": "a reserved sign",
    "%": "a directive",
}


class Argument(Struct, frozen=True):
    """One argument: its name, and its text or (`reference`) the name of the input or capture that it takes."""

    name: str
    line: int
    text: str = ""
    reference: str | None = None


def arguments_of(text: str, first_line: int, problems: Problems) -> tuple[Argument, ...]:
    """The arguments in the text of a `key` block that starts in `first_line`; what can't be read is a problem."""
    found: dict[str, Argument] = {}
    for line, raw in enumerate(text.split("\n"), first_line):
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        argument = _argument(raw.rstrip(), line, problems)
        if argument is None:
            continue
        if argument.name in found:
            problems.append(_bad(line, f"The argument {argument.name} stands twice.", "Remove one of them."))
        elif len(found) == MAX_ARGUMENTS:
            problems.append(
                _bad(line, f"A KEY takes at most {MAX_ARGUMENTS} arguments.", "Pass a file instead.")
            )
            break
        found.setdefault(argument.name, argument)
    return tuple(found.values())


def _argument(raw: str, line: int, problems: Problems) -> Argument | None:
    match = _LINE.fullmatch(raw)
    if match is None:
        problems.append(
            _bad(line, "This line is not an argument.", "Write name: value, without indentation.")
        )
        return None
    name, value = match[1], (match[2] or "").strip()
    if reference := _REFERENCE.fullmatch(value):
        return Argument(name, line, reference=reference[1])
    if value[:1] in ("'", '"'):
        return _quoted(name, value, line, problems)
    if value[:1] in _SPECIAL:
        reason = f"The value of {name} starts with {value[0]}, {_SPECIAL[value[0]]} in YAML."
        problems.append(_bad(line, reason, "Put text into double quotes."))
        return None
    if not value or value.startswith("- ") or re.search(r":(\s|$)|\s#|\$[A-Za-z{(]", value):
        problems.append(
            _bad(
                line,
                f"The value of {name} is not one plain text.",
                "Put it into double quotes, or write $NAME.",
            )
        )
        return None
    return Argument(name, line, value)


def _quoted(name: str, value: str, line: int, problems: Problems) -> Argument | None:
    """Quoted text holds no escapes: what stands between the quotes is the value."""
    quote, inner = value[0], value[1:-1]
    if len(value) < 2 or value[-1] != quote or quote in inner or "\\" in inner:
        problems.append(
            _bad(line, f"The quotes of {name} can't be read.", "Use one pair, without backslashes inside.")
        )
        return None
    return Argument(name, line, inner)


def _bad(line: int, reason: str, mend: str) -> Problem:
    return Problem(line, "bad-argument", reason, mend)
