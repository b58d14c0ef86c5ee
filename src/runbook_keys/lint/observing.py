"""What a condition can look at in a step, and what it is compared with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from runbook_keys.book.conditions import names
from runbook_keys.errors import InvalidCondition
from runbook_keys.model.runbook import Block

ALWAYS = frozenset({"exit_code", "stdout", "stderr", "seconds"})
OF_LANGUAGE = {"bash": frozenset({"json"}), "sql": frozenset({"rows"}), "key": frozenset({"result", "json"})}
NUMBERS = frozenset({"exit_code", "seconds"})
TEXTS = frozenset({"stdout", "stderr"})

_LITERAL = r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|-?\d+(?:\.\d+)?|true|false|null'
_COMPARISON = re.compile(rf"([A-Za-z_][\w.\[\]]*)\s*(==|!=|<=|>=|<|>)\s*({_LITERAL})(?![\w.(])")
_ONLY = re.compile(rf"\(*\s*([A-Za-z_][\w.\[\]]*)\s*(==|!=|<=|>=|<|>)\s*({_LITERAL})\s*\)*")
_CHOICE = re.compile(r"\s*([A-Za-z_][\w.\[\]]*)\s+in\s+\[([^\[\]]*)\]\s*")


class Comparison(Struct, frozen=True):
    """`subject operator literal`, the literal as written; `is_text` where it is quoted."""

    subject: str
    operator: str
    literal: str

    @property
    def is_text(self) -> bool:
        return self.literal[:1] in "\"'"

    @property
    def is_number(self) -> bool:
        return re.fullmatch(r"-?[\d.]+", self.literal) is not None

    @property
    def value(self) -> str | float:
        """The literal for comparing: a number, or text as written with one kind of quotes."""
        return float(self.literal) if self.is_number else self.literal.replace("'", '"')


def looked_at(condition: str) -> frozenset[str]:
    """The free names of a condition; none for one that can't be read."""
    try:
        return frozenset(names(condition))
    except InvalidCondition:
        return frozenset()


def observable(block: Block | None) -> frozenset[str]:
    """What a step with this block observes."""
    return ALWAYS | OF_LANGUAGE.get(block.language, frozenset()) if block else frozenset()


def comparisons_in(condition: str) -> Iterator[Comparison]:
    """Each `name operator literal` anywhere in a condition."""
    for match in _COMPARISON.finditer(condition):
        yield Comparison(*match.groups())


def matched_values(condition: str) -> tuple[str, frozenset[str | float]] | None:
    """For `x == 1` and `x in [1, 2]`: the subject and the values that match. None for all other conditions."""
    if choice := _CHOICE.fullmatch(condition):
        literals = [literal.strip() for literal in choice[2].split(",")]
        if all(re.fullmatch(_LITERAL, literal) for literal in literals):
            return choice[1], frozenset(Comparison(choice[1], "==", literal).value for literal in literals)
    single = single_comparison(condition)
    if single is not None and single.operator == "==":
        return single.subject, frozenset({single.value})
    return None


def single_comparison(condition: str) -> Comparison | None:
    """The condition as one comparison with a literal, or None."""
    match = _ONLY.fullmatch(condition.strip())
    return Comparison(*match.groups()) if match else None


def covers(earlier: str, later: str) -> bool:
    """True where each value that `later` matches is matched by `earlier` already, as far as their form tells."""
    first, values = single_comparison(earlier), matched_values(later)
    choice = matched_values(earlier)
    if choice is not None and values is not None and choice[0] == values[0] and values[1] <= choice[1]:
        return True
    if first is None:
        return False
    if values is not None:
        return values[0] == first.subject and all(_holds(value, first) for value in values[1])
    second = single_comparison(later)
    return second is not None and second.subject == first.subject and _is_within(second, first)


def _holds(value: str | float, comparison: Comparison) -> bool:
    bound = comparison.value
    match comparison.operator:
        case "==":
            return value == bound
        case "!=":
            return type(value) is type(bound) and value != bound
    if isinstance(value, str) or isinstance(bound, str):
        return False
    return {"<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound}[
        comparison.operator
    ]


def _is_within(inner: Comparison, outer: Comparison) -> bool:
    """Two bounds on the same side, or a bound that leaves out the one value that `outer` leaves out."""
    one, other = inner.value, outer.value
    if isinstance(one, str) or isinstance(other, str):
        return inner.operator == outer.operator and one == other
    if inner.operator[0] == outer.operator[0] and inner.operator[0] in "<>":
        is_further = one > other if inner.operator[0] == ">" else one < other
        return is_further or (one == other and ("=" in outer.operator or "=" not in inner.operator))
    if outer.operator == "!=" and inner.operator[0] in "<>":
        return not _holds(other, inner)
    return inner.operator == outer.operator and one == other


def exhausts(first: str, second: str) -> bool:
    """True where two conditions together match everything: `x == 1` and `x != 1`, `x > 1` and `x <= 1`."""
    one, other = single_comparison(first), single_comparison(second)
    if one is None or other is None or one.subject != other.subject or one.value != other.value:
        return False
    return {one.operator, other.operator} in ({"==", "!="}, {"<", ">="}, {">", "<="})
