"""JSON Schema (2020-12) over arguments and results: every refusal in words, none of them with a value in it.

Nothing is fetched for a `$ref`, and a pattern that explodes on a hostile value counts as not matching.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import jsonschema_rs

_HIDDEN = "the value"
_MOST_BACKTRACKS = 100_000
MOST_SHOWN = 5


def schema_faults(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Why this is no JSON Schema that can be used here, as sentences; empty where it can."""
    try:
        _validator(_spelled(schema))
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        return (_fault_words(error),)
    return ()


def refusals(schema: Mapping[str, Any], value: object, what: str) -> tuple[str, ...]:
    """Why `value` does not satisfy `schema`, one sentence per place; `what` is how the value is called.

    The value itself is never told: it may be secret.
    """
    found = (_sentence(error, what) for error in _validator(_spelled(schema)).iter_errors(value))
    return tuple(dict.fromkeys(found))


def in_few_words(reasons: Sequence[str]) -> str:
    """The first of many reasons, and how many more there are."""
    more = len(reasons) - MOST_SHOWN
    return " ".join(reasons[:MOST_SHOWN]) + (f" And {more} more." if more > 0 else "")


def _spelled(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, sort_keys=True)


@lru_cache(maxsize=128)
def _validator(schema: str) -> Any:
    return jsonschema_rs.Draft202012Validator(
        schema,
        mask=_HIDDEN,
        offline=True,
        pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=_MOST_BACKTRACKS),
    )


def _sentence(error: Any, what: str) -> str:
    place = "".join(_steps(error.instance_path))
    where = f"`{place.lstrip('.')}` of {what}" if place else what[0].upper() + what[1:]
    message = str(error.message)
    for words in (f"{_HIDDEN} ", f'"{_HIDDEN}" '):
        message = message.removeprefix(words)
    kind = type(error.kind).__name__
    told = message if message.startswith(("is ", "does ", "has ", "was ")) else f"is refused: {message}"
    if kind == "Required":
        told = f"lacks `{message.split(' is a required')[0].strip(chr(34))}`"
    elif kind == "AdditionalProperties":
        told = f"has a field that is not declared: {_between_brackets(message)}"
    return f"{where} {told}."


def _between_brackets(message: str) -> str:
    inner = message.partition("(")[2].rpartition(")")[0]
    return inner.removesuffix(" was unexpected").removesuffix(" were unexpected").replace("'", "`")[:200]


def _steps(path: Sequence[str | int]) -> Iterator[str]:
    for part in path:
        yield f"[{part}]" if isinstance(part, int) else f".{str(part)[:60]}"


def _fault_words(error: Exception) -> str:
    message = str(getattr(error, "message", error)).splitlines()[0][:200]
    path = "".join(_steps(getattr(error, "instance_path", ()))).lstrip(".")
    if "not present in a registry" in message:
        return "A `$ref` leads outside this file; write what it refers to under `$defs`."
    return f"`{path or 'the schema'}`: {message}."
