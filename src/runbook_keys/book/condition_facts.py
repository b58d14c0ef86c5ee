"""What conditions look at: observed values, captures and inputs, or why one of them is not there."""

from __future__ import annotations

import json
from collections.abc import Mapping

from msgspec import Struct

from runbook_keys.model.outcome import Observation, Outcome, OutcomeKind

MAX_ITEMS = 10_000
MAX_TEXT = 1 << 20
MAX_DEPTH = 50


class Absent(Struct, frozen=True):
    """Stands for a value that was not observed, and says why, as a sentence."""

    why: str


def facts(outcome: Outcome, captures: Mapping[str, str], inputs: Mapping[str, str]) -> dict[str, object]:
    """What a condition may name after an attempt.

    Captures and inputs are text. `seconds` is how long the attempt took. What was not observed is `Absent`: no exit
    code after a timeout, no `json` where the output is not JSON, no `rows` where nothing was asked of a database.
    """
    seen = outcome.observation
    return {
        **inputs,
        **captures,
        "stdout": seen.stdout[:MAX_TEXT],
        "stderr": seen.stderr[:MAX_TEXT],
        "seconds": outcome.duration_ms / 1000,
        "exit_code": _no_exit_code(outcome) if seen.exit_code is None else seen.exit_code,
        "rows": Absent("No database was asked.") if seen.rows is None else seen.rows,
        "json": _json_of(seen),
        "result": _no_result(outcome) if seen.result is None else seen.result,
    }


def _no_exit_code(outcome: Outcome) -> Absent:
    if outcome.kind is OutcomeKind.TIMED_OUT:
        return Absent("There is no exit code: the command did not end in its time.")
    return Absent("There is no exit code: the command did not end by itself.")


def _no_result(outcome: Outcome) -> Absent:
    return Absent("No KEY was called." if outcome.call is None else "The KEY gave no result.")


def _json_of(seen: Observation) -> object:
    if not seen.stdout.strip():
        return Absent("There is no JSON: the command printed nothing.")
    if seen.is_truncated:
        return Absent("There is no JSON: the output was too long to be kept whole.")
    try:
        return json.loads(seen.stdout, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return Absent("There is no JSON: the output is something else.")


def _refuse_constant(name: str) -> float:
    # RFC 8259 section 6: NaN and Infinity are not permitted.
    raise ValueError(name)


def kind_of(value: object) -> str:
    """What an operator calls this kind of value."""
    match value:
        case bool():
            return "yes or no"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case None:
            return "empty"
        case list() | tuple():
            return "a list"
        case _:
            return "an object with fields"


def limited(value: object, depth: int = 0) -> object:
    """The value as the CEL library takes it: whole numbers of 64 bits, and lists no longer than it can bear.

    `too_much` refuses a condition that looks at what was cut here. Raises ValueError for values nested too deep.
    """
    if depth > MAX_DEPTH:
        raise ValueError("nested too deep")
    match value:
        case list():
            return [limited(item, depth + 1) for item in value[:MAX_ITEMS]]
        case dict():
            return {str(key): limited(item, depth + 1) for key, item in value.items()}
        case bool():
            return value
        case int() if not -(2**63) <= value < 2**63:
            return float(value) if abs(value) < 10**300 else float("inf")
        case str():
            return value[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")
        case _:
            return value


def too_much(value: object) -> str | None:
    """How much there is of a value that is longer than what a condition sees; None where it is seen whole."""
    if isinstance(value, list) and len(value) > MAX_ITEMS:
        return f"has {len(value):,} entries; a condition looks at {MAX_ITEMS:,} at most"
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return f"has {len(value):,} characters; a condition looks at {MAX_TEXT:,} at most"
    return None
