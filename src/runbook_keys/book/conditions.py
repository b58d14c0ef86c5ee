"""Conditions: CEL behind a guard. A condition that can't be evaluated says why, in an operator's words.

No message shows a value: what an input or an output holds may be secret. Messages name places and kinds.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import lru_cache

from runbook_keys.book import condition_tree as t
from runbook_keys.book.condition_facts import MAX_ITEMS, MAX_TEXT, Absent, facts, kind_of, limited, too_much
from runbook_keys.book.condition_guard import OBSERVED, guard, guard_names
from runbook_keys.book.condition_parser import MAX_LENGTH, tree_of
from runbook_keys.book.condition_program import Program, program_of
from runbook_keys.book.condition_reasons import Lookup, reason_of
from runbook_keys.errors import ConditionFailed

__all__ = ["MAX_ITEMS", "MAX_LENGTH", "MAX_TEXT", "OBSERVED", "Absent", "check", "evaluate", "facts", "names"]

MAX_IN_MACRO = 4_096


def check(source: str, known_names: Set[str]) -> None:
    """Raises InvalidCondition, with the column and the mend, for what may not stand in a condition.

    `known_names` are the inputs and captures that the place knows besides what every step observes (`OBSERVED`).
    """
    tree, _ = _prepared(source)
    guard_names(tree, known_names)


def names(source: str) -> set[str]:
    """The names that a condition looks at, without those that it binds itself. Raises InvalidCondition."""
    tree, _ = _prepared(source)
    return {name.name for name in t.free_names(tree)}


def evaluate(source: str, facts: Mapping[str, object]) -> bool:
    """Whether the condition holds over `facts`.

    Raises InvalidCondition for what the guard refuses, and ConditionFailed where `facts` can't answer it: a value that is
    absent, a field that is not there, values of kinds that can't be compared.
    """
    tree, program = _prepared(source)
    known = _known(tree, facts)
    mismatches: list[str] = []
    try:
        value = program.run(known, lambda tree, left, right: mismatches.append(_mismatch(tree, left, right)))
    except Exception as error:
        raise ConditionFailed(mismatches[-1] if mismatches else reason_of(tree, known, error)) from error
    if isinstance(value, bool):
        return value
    raise ConditionFailed(mismatches[-1] if mismatches else f"`{source}` is {kind_of(value)}, not yes or no.")


@lru_cache(maxsize=1024)
def _prepared(source: str) -> tuple[t.Tree, Program]:
    tree = tree_of(source)
    guard(tree)
    return tree, program_of(tree)


def _known(tree: t.Tree, facts: Mapping[str, object]) -> dict[str, object]:
    """What the condition names, as the library takes it."""
    known: dict[str, object] = {}
    for name in t.free_names(tree):
        value = facts.get(name.name, Absent(f"There is no value for `{name.name}`."))
        if isinstance(value, Absent):
            raise ConditionFailed(value.why)
        try:
            known[name.name] = limited(value)
        except ValueError:
            raise ConditionFailed(f"`{name.name}` is nested too deep for a condition.") from None
    _refuse_what_was_cut(tree, facts)
    return known


def _refuse_what_was_cut(tree: t.Tree, facts: Mapping[str, object]) -> None:
    """A condition over part of a list would be a guess: `all` would say yes of what it has not seen."""
    lookup = Lookup(facts)
    for place in lookup.places(tree):
        found = lookup.value(place)
        much = too_much(found.value) if found else None
        if much:
            raise ConditionFailed(f"`{t.words(place)}` {much}. Let the command print less.")
    for macro in t.macros(tree):
        for name in t.free_names(macro.body, frozenset({macro.variable})):
            value = facts.get(name.name)
            if isinstance(value, str) and len(value) > MAX_IN_MACRO:
                raise ConditionFailed(f"`{name.name}` is too long to be compared with each entry of a list.")


def _mismatch(tree: t.Binary, left: object, right: object) -> str:
    if tree.sign == "in":
        kinds = sorted({kind_of(item) for item in right}) if isinstance(right, list) else []
        holds = (
            f"and {t.words(tree.right)} holds {' and '.join(kinds)}"
            if kinds
            else "and what follows `in` is no list"
        )
        return f"`{t.words(tree.left)}` is {kind_of(left)}, {holds}."
    one, other = (tree.left, left), (tree.right, right)
    if isinstance(tree.left, t.Literal):
        one, other = other, one
    return f"`{t.words(one[0])}` is {kind_of(one[1])}, compared with {kind_of(other[1])}."
