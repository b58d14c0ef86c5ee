"""Why a condition could not be evaluated, found by looking where it looked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from msgspec import Struct

from runbook_keys.book import condition_tree as t
from runbook_keys.book.condition_facts import kind_of

_NEEDS_BOOLEANS = frozenset({"&&", "||"})
_NEEDS_NUMBERS = frozenset({"-", "*", "/", "%"})
_NEEDS_TEXT = frozenset({"matches", "startsWith", "endsWith", "contains"})


class Found(Struct, frozen=True):
    """A value that is there, also where it is null."""

    value: object


class Lookup:
    """Follows `json.a[0].b` through the facts."""

    def __init__(self, facts: Mapping[str, object]) -> None:
        self._facts = facts

    def places(self, tree: t.Tree) -> Iterator[t.Tree]:
        """The longest names of places in the tree: `json.a.b` and not also `json.a` and `json`."""
        if isinstance(tree, t.Name | t.Field | t.Index):
            yield tree
            if isinstance(tree, t.Index):
                yield from self.places(tree.key)
            return
        for part in t.parts(tree):
            yield from self.places(part)

    def value(self, tree: t.Tree) -> Found | None:
        """The value at a place or of a constant; None where it is not there or not known before evaluation."""
        match tree:
            case t.Literal():
                return _constant(tree)
            case t.Name():
                return Found(self._facts[tree.name]) if tree.name in self._facts else None
            case t.Field():
                return _inside(self.value(tree.of), tree.name)
            case t.Index():
                key = self.value(tree.key)
                return _inside(self.value(tree.of), key.value) if key else None
            case _:
                return None

    def missing(self, tree: t.Tree) -> t.Tree | None:
        """The shortest part of a place that is not there; None where all is there or the place is no constant one."""
        if not isinstance(tree, t.Field | t.Index):
            return None
        before = self.missing(tree.of)
        if before is not None:
            return before
        return tree if self.value(tree.of) is not None and self.value(tree) is None else None


def _constant(tree: t.Literal) -> Found | None:
    if tree.kind == "constant":
        return Found({"true": True, "false": False, "null": None}[tree.text])
    if tree.kind == "number":
        return Found(
            float(tree.text) if tree.text.isdecimal() is False and "x" not in tree.text else int(tree.text, 0)
        )
    if tree.text.startswith('"'):
        try:
            return Found(json.loads(tree.text))
        except ValueError:
            return Found(tree.text)
    return Found(tree.text.lstrip("r")[1:-1])


def _inside(of: Found | None, key: object) -> Found | None:
    if of is None:
        return None
    if isinstance(of.value, dict) and isinstance(key, str) and key in of.value:
        return Found(of.value[key])
    if isinstance(of.value, list) and isinstance(key, int) and 0 <= key < len(of.value):
        return Found(of.value[key])
    return None


def reason_of(tree: t.Tree, facts: Mapping[str, object], error: Exception) -> str:
    """One sentence for what the library raised over `facts`."""
    lookup = Lookup(facts)
    if isinstance(error, LookupError):
        return _missing(tree, lookup)
    if isinstance(error, ZeroDivisionError):
        return "It divides by zero."
    if isinstance(error, OverflowError):
        return "A number in it is too large."
    return next(_misfits(tree, lookup), "") or _in_general(error)


def _missing(tree: t.Tree, lookup: Lookup) -> str:
    for place in lookup.places(tree):
        missing = lookup.missing(place)
        if missing is not None:
            return f"`{t.words(missing)}` is not there."
    for macro in t.macros(tree):
        return (
            f"A field that `{macro.function}` looks at is missing from an entry of `{t.words(macro.over)}`."
        )
    return "A field that it looks at is not there."


def _misfits(tree: t.Tree, lookup: Lookup) -> Iterator[str]:
    """Places whose value is of a kind that the operation on it can't take."""
    match tree:
        case t.Binary() if tree.sign in _NEEDS_BOOLEANS:
            yield from _unless(lookup, (tree.left, tree.right), "yes or no")
        case t.Binary() if tree.sign in _NEEDS_NUMBERS:
            yield from _unless(lookup, (tree.left, tree.right), "a number")
        case t.Binary() if tree.sign in ("<", "<=", ">", ">=", "+"):
            yield from _unlike(lookup, tree)
        case t.Unary():
            yield from _unless(lookup, (tree.of,), "yes or no" if tree.sign == "!" else "a number")
        case t.Call() if tree.function in _NEEDS_TEXT and tree.of is not None:
            yield from _unless(lookup, (tree.of, *tree.arguments), "text")
        case t.Call() if tree.function in ("int", "double"):
            yield from _not_a_number(lookup, tree)
        case t.Field():
            yield from _without_fields(lookup, tree)
    for part in t.parts(tree):
        yield from _misfits(part, lookup)


def _unless(lookup: Lookup, trees: tuple[t.Tree, ...], needed: str) -> Iterator[str]:
    for tree in trees:
        found = lookup.value(tree)
        if found is not None and kind_of(found.value) != needed:
            yield f"`{t.words(tree)}` is {kind_of(found.value)}, and {needed} is needed."


def _unlike(lookup: Lookup, tree: t.Binary) -> Iterator[str]:
    one, other = (tree.left, tree.right) if not isinstance(tree.left, t.Literal) else (tree.right, tree.left)
    first, second = lookup.value(one), lookup.value(other)
    if first is not None and second is not None and kind_of(first.value) != kind_of(second.value):
        yield f"`{t.words(one)}` is {kind_of(first.value)}, compared with {kind_of(second.value)}."


def _not_a_number(lookup: Lookup, tree: t.Call) -> Iterator[str]:
    found = lookup.value(tree.arguments[0])
    if found is None:
        return
    whole = "whole number" if tree.function == "int" else "number"
    if isinstance(found.value, str):
        yield f"`{t.words(tree.arguments[0])}` is text that is no {whole}."
    elif kind_of(found.value) != "a number":
        yield f"`{t.words(tree.arguments[0])}` is {kind_of(found.value)}, and text or a number is needed."


def _without_fields(lookup: Lookup, tree: t.Field) -> Iterator[str]:
    found = lookup.value(tree.of)
    if found is not None and not isinstance(found.value, dict):
        yield f"`{t.words(tree.of)}` is {kind_of(found.value)} and has no field `{tree.name}`."


def _in_general(error: Exception) -> str:
    if "regex" in str(error):
        return "The pattern of `matches` can't be read."
    return "It compares or joins values that do not fit each other."
