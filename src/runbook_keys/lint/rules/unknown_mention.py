"""A sentence sends the reader to a step that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "unknown-mention"
LEVEL = Level.ERROR

_MENTION = re.compile(
    r"\b(?:step|go to|go back to|back to|before|after|until|see|from|skip to|continue with|repeat|rerun)\s+([SDAVRE]\d{1,2})\b"
    r"|\b([SDAVRE]\d{1,2})\s+(?:found|says|said|showed|shows|succeeded|succeeds|failed|fails|has (?:not )?succeeded)\b",
    re.IGNORECASE,
)
_OTHER_THINGS = frozenset({"S3", "V1", "V2", "V3", "V4", "A4", "E2"})
"""Storage, versions, paper, tests: in a sentence these need the word "step" before them to count."""


def find(material: Material) -> Iterator[Fault]:
    """Each mention of a label that no step has. Ways out are left to `unknown-target`."""
    for passage in material.passages:
        for match in _MENTION.finditer(passage.masked):
            label = match[1] or match[2]
            is_certain = match[0].lower().startswith("step") or label not in _OTHER_THINGS
            if label.isupper() and is_certain and label not in material.graph.steps:
                reason = f'"{match[0]}" names a step that does not exist.'
                yield Fault(
                    passage.line_at(match.start()), reason, f"Steps are: {', '.join(material.graph.steps)}."
                )
