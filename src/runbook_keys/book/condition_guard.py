"""What a condition may not do though its grammar allows it: cost too much, or name what is not there.

The CEL library holds the interpreter's lock while it evaluates and can't be interrupted, so cost is bounded beforehand.
Measured with it: two nested macros over 10,000 items never end; naming `json` inside a macro over 10,000 items copies
it each time (19 s); `matches("(z{1,100}){1,100}q")` over 1 MiB takes 92 s, and inside a macro a pattern is compiled
once for each item.
"""

from __future__ import annotations

import re
from collections.abc import Set

from runbook_keys.book import condition_tree as t
from runbook_keys.book.condition_parser import refused
from runbook_keys.errors import InvalidCondition

OBSERVED = frozenset({"exit_code", "stdout", "stderr", "json", "rows", "result", "seconds"})
MAX_NAMES = 30
MAX_REPEATS = 50
# Trees are walked by recursion: a chain such as `1 + 1 + 1 …` is as deep as it is long.
MAX_PARTS = 50

_SMALL = frozenset({"exit_code", "seconds"})
_COUNTED = re.compile(r"\{([0-9]*)(?:,([0-9]*))?\}")


def guard(tree: t.Tree) -> None:
    """Raises InvalidCondition for a tree whose cost is not bounded."""
    if t.depth(tree) > MAX_PARTS:
        raise InvalidCondition(
            f"The condition joins more than {MAX_PARTS} parts in a row. Let the command decide more."
        )
    found = list(t.free_names(tree))
    if len(found) > MAX_NAMES:
        column = found[MAX_NAMES].column
        raise refused(column, f"it names more than {MAX_NAMES} values.", "Let the command decide more.")
    for macro in t.macros(tree):
        _guard_macro(macro)
    for call in t.calls(tree):
        if call.function == "matches":
            _guard_pattern(call)
        elif call.function == "has" and not isinstance(call.arguments[0], t.Field):
            raise refused(call.column, "`has` asks for a field.", "Write has(json.field).")


def guard_names(tree: t.Tree, known_names: Set[str]) -> None:
    """Raises InvalidCondition for the first name that is neither observed nor in `known_names`."""
    for name in t.free_names(tree):
        if name.name not in known_names and name.name not in OBSERVED:
            known = ", ".join(sorted(OBSERVED | known_names))
            raise refused(name.column, f"nothing is called `{name.name}` here.", f"Known are: {known}.")


def _guard_macro(macro: t.Macro) -> None:
    if macro.variable in OBSERVED:
        mend = "Choose another name, such as x."
        raise refused(macro.column, f"`{macro.variable}` has a meaning of its own.", mend)
    if any(True for _ in t.macros(macro.body)):
        raise refused(macro.column, f"`{macro.function}` holds another one.", "Let the command look deeper.")
    for name in t.free_names(macro.body, frozenset({macro.variable})):
        if name.name in OBSERVED - _SMALL:
            mend = f"Compare {macro.variable} with inputs, captures and constants only."
            raise refused(name.column, f"`{name.name}` stands inside `{macro.function}`.", mend)
    for call in t.calls(macro.body):
        if call.function == "matches":
            mend = "Use startsWith, endsWith or contains."
            raise refused(call.column, f"`matches` stands inside `{macro.function}`.", mend)


def _guard_pattern(call: t.Call) -> None:
    pattern = call.arguments[0]
    if not isinstance(pattern, t.Literal) or pattern.kind != "text":
        raise refused(
            call.column, "`matches` takes its pattern as text in quotes.", "Write the pattern itself."
        )
    counts = [max(int(low or 0), int(high or 0)) for low, high in _COUNTED.findall(pattern.text)]
    if sum(counts) > MAX_REPEATS:
        mend = f"All counts like {{3}} may come to {MAX_REPEATS} at most; use + or *."
        raise refused(call.column, "the pattern of `matches` repeats too much.", mend)
    if len(counts) > 1 and re.search(r"\)\{", pattern.text):
        raise refused(call.column, "the pattern of `matches` counts a group.", "Use only one count like {3}.")
