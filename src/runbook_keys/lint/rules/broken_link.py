"""A link leads to a file or heading that the pack does not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level

NAME = "broken-link"
LEVEL = Level.WARNING

_LINK = re.compile(r"\]\(<?([^()<>\s]{1,500})>?(?:\s[^()]{0,200})?\)")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


def find(material: Material) -> Iterator[Fault]:
    """Each relative link to a file that is not in the pack, and each link to a heading that is not there."""
    anchors = {_anchor(passage.text) for passage in material.passages if passage.is_heading}
    for passage in material.passages:
        for match in _LINK.finditer(passage.text):
            path, _, anchor = match[1].partition("#")
            if _ELSEWHERE.match(match[1]):
                continue
            line = passage.line_at(match.start())
            if path and path.removeprefix("./") not in material.files:
                yield Fault(
                    line,
                    f"The link leads to {path}, which the pack does not hold.",
                    "Mend the path, or add the file.",
                )
            elif not path and anchor not in anchors:
                yield Fault(
                    line, f"The link leads to #{anchor}, and no heading is called so.", "Mend the name."
                )


def _anchor(heading: str) -> str:
    """The name that a code host gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.casefold()).strip().replace(" ", "-")
