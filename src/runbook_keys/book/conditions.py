"""Conditions: CEL behind a guard. A condition that can't be evaluated says why, in an operator's words.

The guard is not optional: the library holds the interpreter's lock while it evaluates, and nested macros make it run
for ever. So there is at most one macro, no `map` or `filter`, and what a condition may look at is cut to size.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import re
from collections.abc import Mapping, Set
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from runbook_keys.errors import ConditionFailed, InvalidCondition
from runbook_keys.model.outcome import Outcome

MAX_LENGTH = 1000
MAX_ITEMS = 10_000
MAX_TEXT = 1 << 20
MAX_DEPTH = 20
MACROS = frozenset({"exists", "all", "exists_one"})
FUNCTIONS = frozenset(
    {"matches", "startsWith", "endsWith", "contains", "size", "int", "double", "string", "has"}
)
OBSERVED = frozenset({"exit_code", "stdout", "stderr", "json", "rows", "result", "seconds"})

_WORDS = frozenset({"true", "false", "null", "in"})
_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<number>\d+(?:\.\d+)?u?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]])""",
    re.VERBOSE,
)

Token = tuple[str, str, int]
"""Kind, text and 1-based column."""


def check(source: str, known_names: Set[str]) -> None:
    """Raises InvalidCondition, with the column and the mend, for what may not stand in a condition.

    `known_names` are the inputs and captures that the place knows besides what every step observes.
    """
    tokens = _guarded(source)
    bound = _macro_names(tokens)
    for name, column in _free_names(tokens):
        if name not in known_names and name not in OBSERVED and name not in bound:
            raise InvalidCondition(f"column {column}: nothing is called `{name}` here. {_offer(known_names)}")
    _compiled(source)


def names(source: str) -> set[str]:
    """The free names of a condition: what it looks at. Raises InvalidCondition."""
    tokens = _guarded(source)
    return {name for name, _ in _free_names(tokens)} - _macro_names(tokens)


def evaluate(source: str, facts: Mapping[str, object]) -> bool:
    """Whether the condition holds over `facts`.

    Raises InvalidCondition for a condition that the guard refuses, ConditionFailed where `facts` can't answer it.
    """
    wanted = names(source)
    for name in sorted(wanted - facts.keys()):
        raise ConditionFailed(_absent(name, facts))
    program = _compiled(source)
    try:
        value = program.execute(_cel().Context({name: facts[name] for name in wanted}))
    except KeyError as error:
        raise ConditionFailed(f"there is no field {error.args[0]!r}") from None
    except Exception as error:  # noqa: BLE001 - the library raises whatever its evaluation met
        raise ConditionFailed(_in_words(error)) from None
    if not isinstance(value, bool):
        raise ConditionFailed(f"`{source}` is not a yes or no")
    return value


NO_JSON = "no-json "
"""Prefix of the fact that says why `json` is not there; no CEL name can begin so."""


def facts(outcome: Outcome, captures: Mapping[str, str], inputs: Mapping[str, str]) -> dict[str, object]:
    """What conditions may look at after an attempt: observed values, captures and inputs, cut to size.

    What was not observed is absent: no exit code after a timeout, no `json` where stdout is not JSON.
    """
    seen = outcome.observation
    known: dict[str, object] = {**inputs, **captures}
    known |= {"stdout": seen.stdout[:MAX_TEXT], "stderr": seen.stderr[:MAX_TEXT]}
    known["seconds"] = outcome.duration_ms / 1000
    if seen.exit_code is not None:
        known["exit_code"] = seen.exit_code
    if seen.rows is not None:
        known["rows"] = seen.rows[:MAX_ITEMS]
    try:
        known["json"] = _cut(json.loads(seen.stdout, parse_constant=_refuse_constant))
    except (ValueError, RecursionError):
        known[NO_JSON] = "the output is not JSON" if seen.stdout.strip() else "the command printed nothing"
    return known


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _cut(value: Any, depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, list):
        return [_cut(item, depth + 1) for item in value[:MAX_ITEMS]]
    if isinstance(value, dict):
        return {key: _cut(item, depth + 1) for key, item in list(value.items())[:MAX_ITEMS]}
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return float(value)
    return value


def _absent(name: str, known: Mapping[str, object]) -> str:
    if name == "json":
        return str(known.get(NO_JSON, "there is no JSON"))
    if name == "exit_code":
        return "there is no exit code: the command did not end by itself"
    return f"there is no value for {name}"


def _in_words(error: Exception) -> str:
    text = str(error)
    if "No such overload" in text:
        return "values of different kinds are compared, such as a text with a number"
    if "Undefined variable" in text:
        return "it names something that is not there"
    first = text.split("\n", 1)[0]
    return re.sub(r"\. Check.*$", "", first)[:200]


def _offer(known_names: Set[str]) -> str:
    return f"Known are: {', '.join(sorted(OBSERVED | known_names))}."


def _guarded(source: str) -> list[Token]:
    if len(source) > MAX_LENGTH:
        raise InvalidCondition(f"it is longer than {MAX_LENGTH} characters. Let the command decide more.")
    tokens = _tokens(source)
    calls = [
        (text, column) for (kind, text, column), after in _pairs(tokens) if kind == "name" and after == "("
    ]
    for name, column in calls:
        if name not in FUNCTIONS and name not in MACROS:
            raise InvalidCondition(
                f"column {column}: `{name}(` is not offered. Use {', '.join(sorted(FUNCTIONS))}."
            )
    if sum(name in MACROS for name, _ in calls) > 1:
        raise InvalidCondition("it uses more than one of `exists`, `all`, `exists_one`. Use one at most.")
    if _depth(tokens) > MAX_DEPTH:
        raise InvalidCondition(f"it is nested deeper than {MAX_DEPTH}. Write it more simply.")
    return tokens


def _tokens(source: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise InvalidCondition(f"column {at + 1}: `{source[at]}` can't stand here.")
        if match.lastgroup != "space":
            tokens.append((match.lastgroup or "", match.group(), at + 1))
        at = match.end()
    if not tokens:
        raise InvalidCondition("it is empty. Write a condition such as `exit_code == 0`.")
    return tokens


def _pairs(tokens: list[Token]) -> list[tuple[Token, str]]:
    following = [text for _, text, _ in tokens[1:]] + [""]
    return list(zip(tokens, following, strict=True))


def _depth(tokens: list[Token]) -> int:
    depth = deepest = 0
    for _, text, _ in tokens:
        depth += (text in "([") - (text in ")]") if len(text) == 1 else 0
        deepest = max(deepest, depth)
    return deepest


def _free_names(tokens: list[Token]) -> list[tuple[str, int]]:
    found = []
    before = ""
    for (kind, text, column), after in _pairs(tokens):
        if kind == "name" and before != "." and after != "(" and text not in _WORDS:
            found.append((text, column))
        before = text
    return found


def _macro_names(tokens: list[Token]) -> set[str]:
    texts = [text for _, text, _ in tokens]
    return {texts[n + 2] for n, text in enumerate(texts[:-2]) if text in MACROS and texts[n + 1] == "("}


@lru_cache(maxsize=512)
def _compiled(source: str) -> Any:
    try:
        return _cel().compile(source)
    except Exception as error:
        where = re.search(r":1:(\d+):", str(error))
        column = f"column {where.group(1)}: " if where else ""
        raise InvalidCondition(
            f"{column}it does not read as a condition. See docs/reference/conditions.md."
        ) from error


@lru_cache(maxsize=1)
def _cel() -> ModuleType:
    """The compiled library, without its package's `__init__`, which imports a command line (39 ms against 182)."""
    found = importlib.util.find_spec("cel")
    folders = found.submodule_search_locations if found else None
    for folder in folders or ():
        for path in sorted(Path(folder).glob("cel*.so")):
            loader = importlib.machinery.ExtensionFileLoader("cel.cel", str(path))
            spec = importlib.util.spec_from_loader("cel.cel", loader)
            if spec is not None:
                module = importlib.util.module_from_spec(spec)
                loader.exec_module(module)
                return module
    return importlib.import_module("cel")
