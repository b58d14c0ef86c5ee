"""A command, contact or sentence holds text that somebody was to fill in."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import to_builtins

from runbook_keys.lint.fault import METADATA, Fault
from runbook_keys.lint.material import Material
from runbook_keys.lint.placeholders import placeholders_in
from runbook_keys.model.finding import Level

NAME = "placeholder"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each placeholder in `README.md`, and in `pack.json` but for the examples of inputs."""
    code = {line.line for line in material.code}
    for number, line in enumerate(material.text.split("\n"), 1):
        for found in placeholders_in(line, is_code=number in code):
            yield Fault(number, f'"{found}" is a placeholder.', _mend(is_code=number in code))
    for name, text in _texts(material):
        for found in placeholders_in(text, is_code=False):
            reason = f'"{found}" in {name} is a placeholder.'
            yield Fault(material.metadata_line(found), reason, "Write what is meant.", METADATA)


def _mend(*, is_code: bool) -> str:
    if is_code:
        return 'Declare an input in pack.json and write "$ITS_NAME".'
    return "Write what is meant; what differs between companies belongs into keys.toml."


def _texts(material: Material) -> Iterator[tuple[str, str]]:
    """All texts of `pack.json` with the name of their field."""
    fields = to_builtins(material.metadata) if material.metadata else {}
    waiting = [(name, value) for name, value in fields.items()]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, dict):
            waiting += [(key, each) for key, each in value.items() if key not in ("example", "pattern")]
        elif isinstance(value, list | tuple):
            waiting += [(name, each) for each in value]
