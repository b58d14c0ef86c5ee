"""`pack.json` as metadata, with everything that is wrong with it at once."""

from __future__ import annotations

from functools import cache

import msgspec
from msgspec import inspect as mi

from runbook_keys.book.json_text import JsonText
from runbook_keys.book.metadata_schema import MEANINGS, metadata_schema
from runbook_keys.book.patterns import refused_pattern
from runbook_keys.book.problem import Problem, Problems, in_order
from runbook_keys.book.shapes import ShapeChecker
from runbook_keys.model.names import refused_name
from runbook_keys.model.pack import DeclaredInput, InputKind, PackMetadata

__all__ = ["metadata_schema", "read_metadata"]

_SHAPES = {
    "slug": "lower-case words joined by hyphens, such as stripe-webhook-failure",
    "references_jupyter_keys": "lower-case words joined by hyphens",
    "references_node_keys": "lower-case words joined by hyphens",
    "references_python_keys": "lower-case words joined by hyphens",
    "related_runbooks": "lower-case words joined by hyphens",
    "inputs": "capitals, digits and underscores, such as APP_URL",
    "version": "a semantic version such as 1.0.0",
}


def read_metadata(data: bytes) -> tuple[PackMetadata | None, tuple[Problem, ...]]:
    """The metadata in the bytes of `pack.json`; or None and all problems, by line. Never raises."""
    problems: Problems = []
    text = JsonText(data, problems)
    if text.value is None and not problems:
        problems.append(
            Problem(1, "not-json", "The file holds null.", "Write { … } with the fields of a pack.")
        )
    if text.value is not None:
        ShapeChecker(text, problems, MEANINGS, _SHAPES).check(_model(), text.value, ())
    if problems:
        return None, in_order(problems)
    metadata = msgspec.convert(text.value, PackMetadata)
    _look_at_inputs(metadata, text, problems)
    return (None if problems else metadata), in_order(problems)


@cache
def _model() -> mi.Type:
    return mi.type_info(PackMetadata)


def _look_at_inputs(metadata: PackMetadata, text: JsonText, problems: Problems) -> None:
    seen: set[str] = set()
    for place, declared in enumerate(metadata.inputs):
        for field, reason, mend in _faults(declared, seen):
            line = text.line(("inputs", place, field))
            problems.append(Problem(line, "bad-input", f"Input {declared.name}: {reason}", mend))
        seen.add(declared.name)


def _faults(declared: DeclaredInput, seen: set[str]) -> list[tuple[str, str, str]]:
    """What is wrong with an input beyond its shape: the field, the reason, the mend."""
    found: list[tuple[str, str, str]] = []
    if refused := refused_name(declared.name):
        found.append(("name", refused, "Choose another name."))
    if declared.name in seen:
        found.append(("name", "It is declared twice.", "Keep one of them."))
    if declared.secret and declared.default is not None:
        found.append(
            ("default", "A secret has no default in a file that everyone reads.", "Remove the default.")
        )
    if declared.pattern is not None and (refused := refused_pattern(declared.pattern)):
        found.append(("pattern", f"Its pattern can't be used. {refused}", "Write a simpler one."))
    if (declared.type is InputKind.CHOICE) != bool(declared.choices):
        found.append(
            (
                "choices",
                "A choice has choices, and nothing else has.",
                "Add choices, or set the type to choice.",
            )
        )
    if declared.choices and declared.default is not None and declared.default not in declared.choices:
        found.append(("default", "Its default is none of its choices.", "Choose one of them."))
    return found
