"""From the text of a `key` block or a command line to the arguments that a KEY's `inputs` schema accepts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from runbook_keys.book.json_schema import refusals
from runbook_keys.book.keycalls import Argument
from runbook_keys.model.key import KeyMetadata, KeyMode

_WORDS = {"true": True, "false": False}
_WHAT = "the call"


def typed(metadata: KeyMetadata, texts: Mapping[str, str]) -> dict[str, Any]:
    """Each text as the type that its property declares; as text where it is not of that type, for the schema to refuse."""
    properties = _properties(metadata)
    return {name: _typed(properties.get(name, {}), text) for name, text in texts.items()}


def unfit_arguments(metadata: KeyMetadata, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Why these arguments can't be given to the KEY, as sentences without any value; empty where they can."""
    return refusals(metadata.inputs, dict(arguments), _WHAT)


def unfit_call(
    metadata: KeyMetadata, arguments: Sequence[Argument], known: Mapping[str, str]
) -> tuple[str, ...]:
    """The same for a `key` block, before anything runs.

    `known` are the values that are there already; a reference to one that is not, such as a capture, counts as given and
    is looked at when the block runs.
    """
    texts = {a.name: _text(a, known) for a in arguments}
    sure = typed(metadata, {name: text for name, text in texts.items() if text is not None})
    later = texts.keys() - sure.keys()
    unknown = sorted(later - _properties(metadata).keys())
    required = [name for name in metadata.inputs.get("required", ()) if name not in later]
    schema = {**metadata.inputs, "required": required}
    undeclared = tuple(f"The call has a field that is not declared: `{name}`." for name in unknown)
    return undeclared + refusals(schema, sure, _WHAT)


def unfit_mode(metadata: KeyMetadata, mode: KeyMode, is_looking: bool) -> str:
    """Why the KEY can't be called in this mode by a step that may only look (`is_looking`) or not; empty where it can."""
    if mode is KeyMode.DRY_RUN and metadata.is_changing and not metadata.dry_run:
        return f"The KEY {metadata.slug} can't say what it would do: it has no dry run."
    if mode is KeyMode.UNDO and not metadata.has_undo:
        return f"The KEY {metadata.slug} has no undo."
    if is_looking and metadata.is_changing and mode is not KeyMode.DRY_RUN:
        return f"The KEY {metadata.slug} is {metadata.safety}, and this may only look."
    return ""


def resolved(arguments: Sequence[Argument], values: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The text of each argument, and the names of values that are referred to and not there."""
    texts = {a.name: _text(a, values) for a in arguments}
    missing = [a.reference for a in arguments if a.reference and a.reference not in values]
    return {name: text for name, text in texts.items() if text is not None}, missing


def paths_in(metadata: KeyMetadata, arguments: Mapping[str, Any]) -> dict[str, str]:
    """The arguments that name a file or folder."""
    properties = _properties(metadata)
    return {
        name: value
        for name, value in arguments.items()
        if isinstance(value, str) and properties.get(name, {}).get("format") == "path"
    }


def _properties(metadata: KeyMetadata) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = metadata.inputs.get("properties", {})
    return found


def _text(argument: Argument, values: Mapping[str, str]) -> str | None:
    return values.get(argument.reference) if argument.reference else argument.text


def _typed(schema: Mapping[str, Any], text: str) -> Any:
    kinds = _kinds(schema)
    if "string" in kinds:
        return text
    if "boolean" in kinds and text in _WORDS:
        return _WORDS[text]
    try:
        value = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return text
    return value if not isinstance(value, str) else text


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    declared = schema.get("type")
    if isinstance(declared, str):
        return [declared]
    if declared is None:
        is_text = all(isinstance(each, str) for each in schema.get("enum", ()))
        return ["string"] if is_text else ["boolean", "number"]
    return list(declared)


def _refused(name: str) -> float:
    raise ValueError(name)  # RFC 8259 section 6: NaN and Infinity are not permitted
