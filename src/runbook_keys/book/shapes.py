"""Compares JSON with the types of a model and tells every difference at once.

msgspec stops at the first error, so the fields are looked at one by one here: what passes is what `msgspec.convert`
accepts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from msgspec import inspect as mi

from runbook_keys.book.json_text import JsonText, Path
from runbook_keys.book.problem import Problem, Problems

Meanings = Mapping[str, Mapping[str, tuple[str, object]]]
"""By class and field: what a field means, as a phrase, and an example."""


class ShapeChecker:
    """Compares a JSON value with the types of a model and reports every difference to `problems`.

    `meanings` say what to add where a field is missing, `shapes` how text of a field must look, in words.
    """

    def __init__(
        self, text: JsonText, problems: Problems, meanings: Meanings, shapes: Mapping[str, str]
    ) -> None:
        self._text = text
        self._problems = problems
        self._meanings = meanings
        self._shapes = shapes

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
            case _:
                self._check_plain(kind, value, path)

    def _check_plain(self, kind: mi.Type, value: Any, path: Path) -> None:
        match kind:
            case mi.EnumType():
                self._check_choice([member.value for member in kind.cls], value, path)
            case mi.LiteralType():
                self._check_choice([str(each) for each in kind.values], value, path)
            case mi.BoolType():
                self._needs(bool, "true or false", value, path)
            case mi.IntType():
                self._check_number(kind, value, path)
            case mi.StrType():
                self._check_text(kind, value, path)

    def _needs(self, wanted: type, words: str, value: Any, path: Path) -> bool:
        if type(value) is wanted:
            return True
        self._report("bad-value", path, f"{named(path)} is {_kind(value)}, not {words}.", f"Write {words}.")
        return False

    def _check_object(self, kind: mi.StructType, value: Any, path: Path) -> None:
        if not self._needs(dict, "an object { … }", value, path):
            return
        known = {field.encode_name: field for field in kind.fields}
        for name in value.keys() - known.keys():
            self._report(
                "unknown-field",
                (*path, name),
                f"{named((*path, name))} is not a field.",
                _meant(name, known),
            )
        for name, field in known.items():
            if name in value:
                self.check(field.type, value[name], (*path, name))
            elif field.required:
                reason = f"{named((*path, name))} is missing."
                self._report(
                    "missing-field", path, reason, f"Add it: {self._meanings[kind.cls.__name__][name][0]}"
                )

    def _check_list(self, kind: mi.VarTupleType, value: Any, path: Path) -> None:
        if not self._needs(list, "a list [ … ]", value, path):
            return
        if len(value) < (kind.min_length or 0):
            self._report("bad-value", path, f"{named(path)} is empty.", "Name one at least.")
        seen: set[str] = set()
        for place, item in enumerate(value):
            self.check(kind.item_type, item, (*path, place))
            if not isinstance(item, str):
                continue
            if item in seen:
                self._report(
                    "bad-value", (*path, place), f'{named(path)} holds "{item}" twice.', "Keep one of them."
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
        self._report("bad-value", path, f"{named(path)} is {shown}; it must be {offered}.", mend)

    def _check_text(self, kind: mi.StrType, value: Any, path: Path) -> None:
        if not self._needs(str, "text in quotes", value, path):
            return
        if len(value) < (kind.min_length or 0) or (kind.min_length and not value.strip()):
            self._report("bad-value", path, f"{named(path)} says nothing.", "Write a few words.")
        elif kind.max_length and len(value) > kind.max_length:
            reason = f"{named(path)} has {len(value):,} characters; {kind.max_length:,} are allowed."
            self._report("bad-value", path, reason, "Write it shorter.")
        elif kind.pattern and not _has_form(kind.pattern, value):
            shape = self._shapes.get(str(path[0]), "another form")
            self._report("bad-value", path, f'{named(path)} is "{value[:60]}".', f"Write {shape}.")

    def _check_number(self, kind: mi.IntType, value: Any, path: Path) -> None:
        if not self._needs(int, "a whole number", value, path):
            return
        least, most = kind.ge or 0, kind.le or value
        if not least <= value <= most:
            mend = f"Write a number from {least:,} to {most:,}."
            self._report("bad-value", path, f"{named(path)} is {value:,}.", mend)

    def _report(self, kind: str, path: Path, reason: str, mend: str) -> None:
        self._problems.append(Problem(self._text.line(path), kind, reason, mend))


def _has_form(pattern: str, value: str) -> bool:
    r"""As in JSON Schema, where `$` is the end (in Python it also stands before a last line break) and `\d` is ASCII."""
    anchored = pattern.removesuffix("$") + (r"\Z" if pattern.endswith("$") else "")
    return re.search(anchored, value, re.ASCII) is not None


def named(path: Path) -> str:
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
