"""A block holds several commands of which the reader is to choose one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "choice-in-block"
LEVEL = Level.ERROR

_PLACES = "mac(?:os)?|linux|windows|debian|ubuntu|rhel|production|prod|staging|dev|docker|kubernetes|k8s|systemd|aws|gcp"
_CHOICE = re.compile(
    rf"""\s*(?:\#+|--+|//+)\W*(?:
      (?-i:OR)\b | or\W*$ | or\s*[:,.–-] | or\s+(?:use|run|try|if|for|on|via|with|alternatively|instead)\b
    | alternative(?:ly)?\b | either\b | option\s+(?:\d+|[a-z])\b | depending\s+on\b
    | (?:choose|pick|select|use|run)\s+(?:one|either|whichever)\b
    | (?:un)?comment\s+(?:this|the|one|out)\b
    | if\s+you\s+(?:use|are|have|run|prefer)\b
    | (?:on|for|in)\s+(?:{_PLACES})\b
    | (?:variant|version|method|way)\s+(?:\d+|[a-z])\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def find(material: Material) -> Iterator[Fault]:
    """Each comment that offers a choice."""
    for line in material.code:
        match = _CHOICE.match(line.text)
        if match is not None:
            reason = f'"{line.text.strip()[:60]}" leaves it to the reader which command to run.'
            yield Fault(
                line.line, reason, "Make each command a step of its own, and let a step decide between them."
            )
