"""Fields: `**Label**: text` at the start of a line, several of which may share a paragraph."""

from __future__ import annotations

import re
from difflib import get_close_matches

from msgspec import Struct

from runbook_keys.book.inline import without_comments
from runbook_keys.book.markdown import MarkdownBlock
from runbook_keys.book.problem import Problem

# `**Label**: text`, `**Label:** text` and `**Label**` alone; the label itself holds no asterisk.
_FIELD = re.compile(r"[ \t]*(?:\*\*([^*\n]{1,80})\*\*|__([^_\n]{1,80})__)[ \t]*(:?)[ \t]*(.*)")


class Field(Struct, frozen=True):
    """A label as the author wrote it (without colon), the raw text after it, and its first line.

    A `label` that is empty marks ordinary text between fields.
    """

    label: str
    text: str
    line: int

    @property
    def name(self) -> str:
        """The label for comparing: lower case, single spaces."""
        return " ".join(self.label.lower().split())


def fields_of(paragraph: MarkdownBlock) -> list[Field]:
    """The paragraph as fields and the texts between them, in order."""
    found: list[Field] = []
    for offset, raw in enumerate(without_comments(paragraph.text).split("\n")):
        match = _FIELD.fullmatch(raw)
        if match and _is_label(match):
            label = (match[1] or match[2]).strip().rstrip(":").rstrip()
            found.append(Field(label, match[4].strip(), paragraph.line + offset))
        elif found:
            found[-1] = _continued(found[-1], raw)
        else:
            found.append(Field("", raw, paragraph.line + offset))
    return found


def _is_label(match: re.Match[str]) -> bool:
    """Bold words in a sentence are no label: a label ends its line or is followed by a colon."""
    return bool(match[3]) or not match[4] or (match[1] or match[2]).rstrip().endswith(":")


def _continued(field: Field, raw: str) -> Field:
    separator = " " if field.label else "\n"
    return Field(field.label, f"{field.text}{separator}{raw.strip()}".strip(), field.line)


def without_colon(field: Field, names: tuple[str, ...]) -> Problem | None:
    """The problem of ordinary text that starts with one of `names` in bold and no colon; None for all other text."""
    for offset, raw in enumerate(field.text.split("\n")):
        match = _FIELD.fullmatch(raw)
        if match is None:
            continue
        label = (match[1] or match[2]).strip()
        if " ".join(label.lower().split()) in names:
            reason = f"**{label}** has no colon, so what follows it is not read."
            return Problem(field.line + offset, "label-without-colon", reason, f"Write: **{label}**: …")
    return None


def near_miss(field: Field, names: tuple[str, ...]) -> Problem | None:
    """The problem of a label that is almost one of `names`; None where it is one, or is nothing like them."""
    if not field.label or field.name in names:
        return None
    close = get_close_matches(field.name, names, n=1, cutoff=0.82)
    if not close:
        return None
    meant = close[0].capitalize()
    reason = f"**{field.label}** is not a label that is read here."
    return Problem(field.line, "unknown-label", reason, f"Write **{meant}** if that is what you mean.")


def empty(field: Field) -> Problem:
    """The problem of a label that nothing follows."""
    reason = f"**{field.label}** is followed by nothing."
    return Problem(field.line, "empty-label", reason, "Write what belongs there, or remove the label.")


def twice(field: Field) -> Problem:
    """The problem of a label that stood before in the same place."""
    reason = f"**{field.label}** stands here for the second time."
    return Problem(field.line, "duplicate-label", reason, "Join the two, or remove one.")
