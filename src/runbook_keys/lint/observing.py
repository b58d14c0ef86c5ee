"""What a condition looks at in a step, what it is compared with, and which conditions leave nothing to others."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from runbook_keys.book import condition_tree as t
from runbook_keys.book.condition_parser import tree_of
from runbook_keys.book.conditions import OBSERVED
from runbook_keys.errors import InvalidCondition
from runbook_keys.model.runbook import Block

ALWAYS = frozenset({"exit_code", "stdout", "stderr", "seconds"})
OF_LANGUAGE = {"bash": frozenset({"json"}), "sql": frozenset({"rows"}), "key": frozenset({"result", "json"})}
NUMBERS = frozenset({"exit_code", "seconds"})
TEXTS = frozenset({"stdout", "stderr"})

_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITES = ({"==", "!="}, {"<", ">="}, {">", "<="})

Value = str | float


class Comparison(Struct, frozen=True):
    """`subject sign literal`: the subject in words, and the literal as written and as a value (text with its quotes)."""

    subject: str
    sign: str
    literal: str
    value: Value

    @property
    def is_text(self) -> bool:
        """True where the literal is text."""
        return isinstance(self.value, str)

    def holds_for(self, value: Value) -> bool:
        """Whether it matches this value; False where the kinds differ."""
        if isinstance(value, str) or isinstance(self.value, str):
            is_same_kind = isinstance(value, str) and isinstance(self.value, str)
            return is_same_kind and {"==": value == self.value, "!=": value != self.value}.get(
                self.sign, False
            )
        signs = {
            "==": value == self.value,
            "!=": value != self.value,
            "<": value < self.value,
            "<=": value <= self.value,
            ">": value > self.value,
            ">=": value >= self.value,
        }
        return signs[self.sign]


def looked_at(condition: str) -> frozenset[str]:
    """The names that a condition looks at; none for one that can't be read."""
    tree = _tree(condition)
    return frozenset(name.name for name in t.free_names(tree)) if tree else frozenset()


def fields_of(condition: str, name: str) -> frozenset[str]:
    """The fields of `name` that a condition reads directly: `name.field` or `name["field"]`."""
    found, waiting = set(), [_tree(condition)]
    while waiting:
        tree = waiting.pop()
        if tree is None:
            continue
        if isinstance(tree, t.Field) and tree.of == t.Name(name, getattr(tree.of, "column", 0)):
            found.add(tree.name)
        if isinstance(tree, t.Index) and tree.of == t.Name(name, getattr(tree.of, "column", 0)):
            found |= {tree.key.text.strip("'\"")} if isinstance(tree.key, t.Literal) else set()
        waiting.extend(t.parts(tree))
    return frozenset(found)


def unobserved(condition: str, block: Block) -> frozenset[str]:
    """What a condition looks at that no block of this language gives."""
    return (looked_at(condition) & OBSERVED) - ALWAYS - OF_LANGUAGE.get(block.language, frozenset())


def comparisons_in(condition: str) -> Iterator[Comparison]:
    """Each comparison with a literal anywhere in a condition; `x in [1, 2]` counts as two."""
    waiting = [_tree(condition)]
    while waiting:
        tree = waiting.pop()
        if tree is not None:
            yield from _comparisons(tree)
            waiting.extend(reversed(t.parts(tree)))


def _comparisons(tree: t.Tree) -> Iterator[Comparison]:
    if not isinstance(tree, t.Binary):
        return
    if tree.sign == "in" and isinstance(tree.right, t.Items):
        for item in tree.right.items:
            if isinstance(item, t.Literal):
                yield Comparison(t.words(tree.left), "==", item.text, _value(item))
    elif tree.sign in _MIRRORED and isinstance(tree.right, t.Literal):
        yield Comparison(t.words(tree.left), tree.sign, tree.right.text, _value(tree.right))
    elif tree.sign in _MIRRORED and isinstance(tree.left, t.Literal):
        yield Comparison(t.words(tree.right), _MIRRORED[tree.sign], tree.left.text, _value(tree.left))


def _value(literal: t.Literal) -> Value:
    try:
        return float(literal.text.rstrip("u"))
    except ValueError:
        return literal.text.replace("'", '"')


def compares_itself(condition: str) -> bool:
    """True for `x == x` and its kind."""
    tree = _tree(condition)
    return isinstance(tree, t.Binary) and t.words(tree.left) == t.words(tree.right)


def covers(earlier: str, later: str) -> bool:
    """True where all that `later` matches is matched by `earlier`, as far as their form tells."""
    first, second = _alternatives(earlier), _alternatives(later)
    if not first or not second or first[0].subject != second[0].subject:
        return False
    return all(any(_is_within(one, other) for other in first) for one in second)


def _alternatives(condition: str) -> tuple[Comparison, ...]:
    """The comparisons of which one must hold; none where the condition is more than that."""
    tree = _tree(condition)
    if isinstance(tree, t.Binary) and tree.sign == "in" and isinstance(tree.right, t.Items):
        found = tuple(_comparisons(tree))
        return found if len(found) == len(tree.right.items) else ()
    return tuple(_comparisons(tree)) if tree else ()


def _is_within(inner: Comparison, outer: Comparison) -> bool:
    if inner.sign == "==":
        return outer.holds_for(inner.value)
    if isinstance(inner.value, str) or isinstance(outer.value, str):
        return inner.sign == outer.sign and inner.value == outer.value
    if inner.sign[0] == outer.sign[0] and inner.sign[0] in "<>":
        is_further = inner.value > outer.value if inner.sign[0] == ">" else inner.value < outer.value
        return is_further or (inner.value == outer.value and ("=" in outer.sign or "=" not in inner.sign))
    if outer.sign == "!=" and inner.sign[0] in "<>":
        return not inner.holds_for(outer.value)
    return inner.sign == outer.sign and inner.value == outer.value


def exhausts(first: str, second: str) -> bool:
    """True where two conditions together match everything: `x == 1` and `x != 1`, `x > 1` and `x <= 1`."""
    one, other = _alternatives(first), _alternatives(second)
    if len(one) != 1 or len(other) != 1:
        return False
    is_same = one[0].subject == other[0].subject and one[0].value == other[0].value
    return is_same and {one[0].sign, other[0].sign} in _OPPOSITES


def _tree(condition: str) -> t.Tree | None:
    try:
        return tree_of(condition)
    except InvalidCondition:
        return None
