"""The part of CEL that a condition may use, as a tree.

The guard reads a condition itself instead of looking for words in it, so that what is allowed is a grammar and not a list
of things to refuse. What the CEL library then runs is written from this tree: the two can't disagree about a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct


class Literal(Struct, frozen=True):
    """A number, text, true, false or null, as written."""

    text: str
    kind: str


class Name(Struct, frozen=True):
    """Something observed, an input, a capture, or what a macro bound."""

    name: str
    column: int


class Field(Struct, frozen=True):
    """`of.name`."""

    of: Tree
    name: str


class Index(Struct, frozen=True):
    """`of[key]`."""

    of: Tree
    key: Tree


class Call(Struct, frozen=True):
    """`function(arguments)`, or `of.function(arguments)`."""

    function: str
    of: Tree | None
    arguments: tuple[Tree, ...]
    column: int


class Macro(Struct, frozen=True):
    """`over.function(variable, body)`: `exists`, `all` or `exists_one`."""

    function: str
    over: Tree
    variable: str
    body: Tree
    column: int


class Unary(Struct, frozen=True):
    """`!of` or `-of`."""

    sign: str
    of: Tree


class Binary(Struct, frozen=True):
    """`left sign right`."""

    sign: str
    left: Tree
    right: Tree


class Choice(Struct, frozen=True):
    """`test ? yes : no`."""

    test: Tree
    yes: Tree
    no: Tree


class Items(Struct, frozen=True):
    """`[one, two]`."""

    items: tuple[Tree, ...]


Tree = Literal | Name | Field | Index | Call | Macro | Unary | Binary | Choice | Items


def parts(tree: Tree) -> tuple[Tree, ...]:
    """The trees directly below."""
    match tree:
        case Field() | Unary():
            return (tree.of,)
        case Index():
            return (tree.of, tree.key)
        case Call():
            return tree.arguments if tree.of is None else (tree.of, *tree.arguments)
        case Macro():
            return (tree.over, tree.body)
        case Binary():
            return (tree.left, tree.right)
        case Choice():
            return (tree.test, tree.yes, tree.no)
        case Items():
            return tree.items
        case _:
            return ()


def depth(tree: Tree) -> int:
    """How many parts stand inside each other at most, found without recursion."""
    deepest, left = 0, [(tree, 1)]
    while left:
        part, level = left.pop()
        deepest = max(deepest, level)
        left.extend((inner, level + 1) for inner in parts(part))
    return deepest


def free_names(tree: Tree, bound: frozenset[str] = frozenset()) -> Iterator[Name]:
    """The names that no macro binds, in the order of the text."""
    if isinstance(tree, Name) and tree.name not in bound:
        yield tree
    elif isinstance(tree, Macro):
        yield from free_names(tree.over, bound)
        yield from free_names(tree.body, bound | {tree.variable})
    else:
        for part in parts(tree):
            yield from free_names(part, bound)


def macros(tree: Tree) -> Iterator[Macro]:
    """All macros, outer ones first."""
    if isinstance(tree, Macro):
        yield tree
    for part in parts(tree):
        yield from macros(part)


def calls(tree: Tree) -> Iterator[Call]:
    """All calls of functions."""
    if isinstance(tree, Call):
        yield tree
    for part in parts(tree):
        yield from calls(part)


def words(tree: Tree) -> str:
    """The tree as a person would write it, for a message."""
    return spelled(tree, words)


def spelled(tree: Tree, spell: Callable[[Tree], str]) -> str:
    """The tree as CEL, its parts spelled by `spell`."""
    match tree:
        case Call():
            before = "" if tree.of is None else f"{spell(tree.of)}."
            return f"{before}{tree.function}({', '.join(map(spell, tree.arguments))})"
        case Macro():
            return f"{spell(tree.over)}.{tree.function}({tree.variable}, {spell(tree.body)})"
        case Items():
            return f"[{', '.join(map(spell, tree.items))}]"
        case Unary() | Binary() | Choice():
            return _with_signs(tree, spell)
        case _:
            return _place(tree, spell)


def _with_signs(tree: Unary | Binary | Choice, spell: Callable[[Tree], str]) -> str:
    match tree:
        case Unary():
            return f"{tree.sign}{spell(tree.of)}"
        case Binary():
            return f"{spell(tree.left)} {tree.sign} {spell(tree.right)}"
        case Choice():
            return f"{spell(tree.test)} ? {spell(tree.yes)} : {spell(tree.no)}"


def _place(tree: Literal | Name | Field | Index, spell: Callable[[Tree], str]) -> str:
    match tree:
        case Literal():
            return tree.text
        case Name():
            return tree.name
        case Field():
            return f"{spell(tree.of)}.{tree.name}"
        case Index():
            return f"{spell(tree.of)}[{spell(tree.key)}]"
