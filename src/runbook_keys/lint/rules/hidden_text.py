"""A file holds characters that can't be seen, so that it reads differently from what runs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from runbook_keys.lint.fault import METADATA, README, Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "hidden-text"
LEVEL = Level.ERROR

_HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_ODD_SPACE = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def find(material: Material) -> Iterator[Fault]:
    """Each line with such characters, the first of them named; in code also unusual spaces."""
    code = {line.line for line in material.code}
    for name in (README, METADATA, "CHANGELOG.md"):
        text = material.files.get(name, b"").decode("utf-8", "replace").removeprefix("\ufeff")
        for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
            found = _HIDDEN.search(line)
            if found is None and name == README and number in code:
                found = _ODD_SPACE.search(line)
            if found is not None:
                reason = f"Line {number} holds the character {_named(found[0])}, which can't be seen."
                yield Fault(number, reason, "Delete it, and type the line again.", name)


def _named(character: str) -> str:
    return f"U+{ord(character):04X} ({unicodedata.name(character, 'a control character').lower()})"
