"""A guarded tree as a program of the CEL library. The one place that imports it."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from msgspec import Struct

from runbook_keys.book import condition_tree as t
from runbook_keys.book.condition_facts import kind_of
from runbook_keys.book.condition_parser import refused
from runbook_keys.errors import InvalidCondition

NOT_COMPARABLE = "not comparable"

_SAME = "keys_same"
_AMONG = "keys_among"


class Program(Struct, frozen=True):
    """A compiled condition, and its comparisons for equality by number."""

    compiled: Any
    comparisons: tuple[t.Binary, ...]

    def run(
        self, facts: Mapping[str, object], mismatch: Callable[[t.Binary, object, object], None]
    ) -> object:
        """What the condition gives over `facts`; raises whatever the library raises.

        CEL finds a number and a text unequal, silently. A person who wrote `HTTP_STATUS == 500` over text must be told,
        so `mismatch` is called with the comparison and both values, and the comparison is neither true nor false.
        """

        def same(number: int, left: object, right: object) -> object:
            if left is None or right is None or kind_of(left) == kind_of(right):
                return left == right
            mismatch(self.comparisons[number], left, right)
            return NOT_COMPARABLE

        def among(number: int, left: object, right: object) -> object:
            if isinstance(right, dict) and isinstance(left, str):
                return left in right
            if isinstance(right, list):
                alike = [item for item in right if item is None or kind_of(item) == kind_of(left)]
                if alike or not right or left is None:
                    return left in alike
            mismatch(self.comparisons[number], left, right)
            return NOT_COMPARABLE

        context = cel().Context(dict(facts))
        context.add_function(_SAME, same)
        context.add_function(_AMONG, among)
        return self.compiled.execute(context)


def program_of(tree: t.Tree) -> Program:
    """The tree compiled; raises InvalidCondition for what only the library sees, such as a bad escape in a text."""
    comparisons: list[t.Binary] = []
    source = _written(tree, comparisons)
    try:
        compiled = cel().compile(source)
    except Exception as error:
        raise InvalidCondition(
            f"`{t.words(tree)}` is not a condition. Look for a stray backslash or number."
        ) from error
    for call in t.calls(tree):
        if call.function == "matches":
            _try_pattern(call)
    return Program(compiled, tuple(comparisons))


def _try_pattern(call: t.Call) -> None:
    """The library reads a pattern when it first runs; an author must hear of it before."""
    source = f'"".matches({t.words(call.arguments[0])})'
    try:
        cel().compile(source).execute(cel().Context({}))
    except Exception as error:
        mend = "Write it without look-around and back-references."
        raise refused(call.column, "the pattern of `matches` can't be read.", mend) from error


def _written(tree: t.Tree, comparisons: list[t.Binary]) -> str:
    """CEL with brackets round every part, so that no rule of precedence is left to chance."""

    def write(part: t.Tree) -> str:
        return _written(part, comparisons)

    if isinstance(tree, t.Binary):
        return _written_binary(tree, write(tree.left), write(tree.right), comparisons)
    source = t.spelled(tree, write)
    return f"({source})" if isinstance(tree, t.Unary | t.Choice) else source


def _written_binary(tree: t.Binary, left: str, right: str, comparisons: list[t.Binary]) -> str:
    if tree.sign not in ("==", "!=", "in"):
        return f"({left} {tree.sign} {right})"
    comparisons.append(tree)
    function = _AMONG if tree.sign == "in" else _SAME
    call = f"{function}({len(comparisons) - 1}, {left}, {right})"
    return f"(!{call})" if tree.sign == "!=" else call


@cache
def cel() -> ModuleType:
    """The library's compiled extension.

    The package's `__init__` imports its command line (typer, rich, prompt_toolkit: 182 ms against 39 ms), so the
    extension beside it is loaded alone; where a release lays it out otherwise, the package is imported as usual.
    """
    package = importlib.util.find_spec("cel")
    folders = package.submodule_search_locations if package else None
    spec = importlib.machinery.PathFinder.find_spec("cel", folders) if folders else None
    if spec is None or not isinstance(spec.loader, importlib.machinery.ExtensionFileLoader):
        return importlib.import_module("cel")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
