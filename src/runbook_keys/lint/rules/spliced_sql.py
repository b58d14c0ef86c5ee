"""A value is part of a statement's text instead of bound to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "spliced-sql"
LEVEL = Level.ERROR

_SPLICE = re.compile(
    r"""(?P<shell>\$\{?(?P<name>[A-Za-z_]\w*)\}?(?!\$))|(?P<format>%\(\w+\)s|%s\b)|(?P<brace>\{\{?\s*\w+\s*\}?\})
    |(?<!:)(?P<bare>:"?[A-Z][A-Z0-9_]*"?)(?![\w'])""",
    re.VERBOSE,
)
_DOLLAR_QUOTE = re.compile(r"\$[A-Za-z_]*\$")


def find(material: Material) -> Iterator[Fault]:
    """Each splice in an `sql` block, wherever it stands: also inside a string, where no value is put in."""
    for placed in material.sql_blocks:
        text = _DOLLAR_QUOTE.sub(lambda match: " " * len(match[0]), placed.block.text)
        for number, line in enumerate(text.split("\n"), 1):
            for match in _SPLICE.finditer(line.split("--", 1)[0]):
                reason = f"{match[0]} is not replaced by a value; the database gets it as it stands."
                name = match["name"] or "NAME"
                yield Fault(placed.line(number), reason, f"Write :'{name}' and declare {name} as an input.")
