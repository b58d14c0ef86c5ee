"""`pack.json` as metadata, with everything that is wrong with it at once.

msgspec stops at the first error, so the fields are looked at one by one here, by the types of the model: what passes
here is what `msgspec.convert` accepts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect as mi

from runbook_keys.book.json_text import JsonText, Path
from runbook_keys.book.metadata_schema import MEANINGS, metadata_schema
from runbook_keys.book.patterns import refused_pattern
from runbook_keys.book.problem import Problem, Problems, in_order
from runbook_keys.model.names import refused_name
from runbook_keys.model.pack import DeclaredInput, InputKind, PackMetadata

__all__ = ["metadata_schema", "read_metadata"]

_SHAPES = {
    "slug": "lower-case words joined by hyphens, such as stripe-webhook-failure",
    "references_jupyter_keys": "lower-case words joined by hyphens",
    "references_node_keys": "lower-case words joined by hyphens",
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
        _Checker(text, problems).check(_model(), text.value, ())
    if problems:
        return None, in_order(problems)
    metadata = msgspec.convert(text.value, PackMetadata)
    _look_at_inputs(metadata, text, problems)
    return (None if problems else metadata), in_order(problems)


@cache
def _model() -> mi.Type:
    return mi.type_info(PackMetadata)


class _Checker:
    """Compares a JSON value with the types of the model and reports every difference."""

    def __init__(self, text: JsonText, problems: Problems) -> None:
        self._text = text
        self._problems = problems

    def check(self, kind: mi.Type, value: Any, path: Path) -> None:
        """Report how `value` at `path` differs from `kind`."""
        match kind:
            case mi.StructType():
                self._check_object(kind, value, path)
            case mi.VarTupleType():
                self._check_list(kind, value, path)
            case mi.DictType():
                self._check_labels(kind, value, path)
            case mi.UnionType():
                if value is not None:
                    self.check(
                        next(each for each in kind.types if not isinstance(each, mi.NoneType)), value, path
                    )
            case mi.EnumType():
                self._check_choice([member.value for member in kind.cls], value, path)
            case mi.LiteralType():
                self._check_choice([str(each) for each in kind.values], value, path)
            case mi.BoolType():
                self._needs(bool, "true or false", value, path)
            case mi.StrType():
                self._check_text(kind, value, path)

    def _needs(self, wanted: type, words: str, value: Any, path: Path) -> bool:
        if type(value) is wanted:
            return True
        self._report("bad-value", path, f"{_named(path)} is {_kind(value)}, not {words}.", f"Write {words}.")
        return False

    def _check_object(self, kind: mi.StructType, value: Any, path: Path) -> None:
        if not self._needs(dict, "an object { … }", value, path):
            return
        known = {field.encode_name: field for field in kind.fields}
        for name in value.keys() - known.keys():
            self._report(
                "unknown-field",
                (*path, name),
                f"{_named((*path, name))} is not a field.",
                _meant(name, known),
            )
        for name, field in known.items():
            if name in value:
                self.check(field.type, value[name], (*path, name))
            elif field.required:
                reason = f"{_named((*path, name))} is missing."
                self._report("missing-field", path, reason, f"Add it: {MEANINGS[kind.cls.__name__][name][0]}")

    def _check_list(self, kind: mi.VarTupleType, value: Any, path: Path) -> None:
        if not self._needs(list, "a list [ … ]", value, path):
            return
        if len(value) < (kind.min_length or 0):
            self._report("bad-value", path, f"{_named(path)} is empty.", "Name one at least.")
        seen: set[str] = set()
        for place, item in enumerate(value):
            self.check(kind.item_type, item, (*path, place))
            if not isinstance(item, str):
                continue
            if item in seen:
                self._report(
                    "bad-value", (*path, place), f'{_named(path)} holds "{item}" twice.', "Keep one of them."
                )
            seen.add(item)

    def _check_labels(self, kind: mi.DictType, value: Any, path: Path) -> None:
        if self._needs(dict, "an object { … }", value, path):
            for name, each in value.items():
                self.check(kind.value_type, each, (*path, name))

    def _check_choice(self, choices: list[str], value: Any, path: Path) -> None:
        if value in choices:
            return
        offered = choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"
        shown = f'"{value[:60]}"' if isinstance(value, str) else _kind(value)
        close = get_close_matches(str(value)[:60], choices, n=1)
        mend = f'Write "{close[0]}" if that is what you mean.' if close else f"Write {offered}."
        self._report("bad-value", path, f"{_named(path)} is {shown}; it must be {offered}.", mend)

    def _check_text(self, kind: mi.StrType, value: Any, path: Path) -> None:
        if not self._needs(str, "text in quotes", value, path):
            return
        if len(value) < (kind.min_length or 0) or (kind.min_length and not value.strip()):
            self._report("bad-value", path, f"{_named(path)} says nothing.", "Write a few words.")
        elif kind.max_length and len(value) > kind.max_length:
            reason = f"{_named(path)} has {len(value):,} characters; {kind.max_length:,} are allowed."
            self._report("bad-value", path, reason, "Write it shorter.")
        elif kind.pattern and not _has_form(kind.pattern, value):
            shape = _SHAPES.get(str(path[0]), "another form")
            self._report("bad-value", path, f'{_named(path)} is "{value[:60]}".', f"Write {shape}.")

    def _report(self, kind: str, path: Path, reason: str, mend: str) -> None:
        self._problems.append(Problem(self._text.line(path), kind, reason, mend))


def _has_form(pattern: str, value: str) -> bool:
    r"""As in JSON Schema, where `$` is the end (in Python it also stands before a last line break) and `\d` is ASCII."""
    anchored = pattern.removesuffix("$") + (r"\Z" if pattern.endswith("$") else "")
    return re.search(anchored, value, re.ASCII) is not None


def _named(path: Path) -> str:
    """`inputs[0].name`, in backticks; the whole file where the path is empty."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part[:60]}" for part in path)
    return f"`{text.lstrip('.')}`" if path else "The file"


def _kind(value: Any) -> str:
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), "null")


def _meant(name: str, known: Mapping[str, mi.Field]) -> str:
    close = get_close_matches(name.lower().replace("-", "_")[:60], known, n=1)
    return f'Did you mean "{close[0]}"?' if close else "Remove it."


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
