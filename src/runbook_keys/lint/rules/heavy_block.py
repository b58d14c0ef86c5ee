"""A block holds an analysis or a repair that belongs in a KEY."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material, PlacedBlock
from runbook_keys.model.finding import Level

NAME = "heavy-block"
LEVEL = Level.ERROR

MOST_LINES = {"bash": 25, "sql": 40}

_INTERPRETER = r"(?:python[\d.]*|node|ruby|perl|php|Rscript|deno|bun)"
_HEREDOC = re.compile(rf"\b{_INTERPRETER}\b[^\n|;&]*<<")
_INLINE = re.compile(rf"\b{_INTERPRETER}\s+(?:-\w+\s+)*-(?:c|e|E|r)\s+(['\"])(.*?)\1", re.DOTALL)
MOST_INLINE = 80


def find(material: Material) -> Iterator[Fault]:
    """Each block that is longer than a person takes in, or that carries a program in another language."""
    for placed in material.blocks:
        limit = MOST_LINES.get(placed.block.language)
        if limit is None:
            continue
        lines = [
            line
            for line in placed.block.text.splitlines()
            if line.strip() and not line.lstrip().startswith("#")
        ]
        if len(lines) > limit:
            yield _fault(placed, f"holds {len(lines)} lines of {placed.block.language}")
        elif placed.block.language == "bash" and _carries_program(placed.block.text):
            yield _fault(placed, "carries a program in another language")


def _carries_program(text: str) -> bool:
    inline = (len(match[2]) for match in _INLINE.finditer(text))
    return _HEREDOC.search(text) is not None or any(length > MOST_INLINE for length in inline)


def _fault(placed: PlacedBlock, what: str) -> Fault:
    reason = f"{placed.as_subject} {what}. Nobody can check that at 3 AM."
    return Fault(
        placed.block.line, reason, "Make it a KEY, tested by itself, and call it: `keys new python NAME`."
    )
