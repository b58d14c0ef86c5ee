"""`key.json` as metadata, with everything that is wrong with it at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import msgspec
from msgspec import inspect as mi

from runbook_keys.book.json_schema import schema_faults
from runbook_keys.book.json_text import JsonText, Path
from runbook_keys.book.key_schema import MEANINGS, key_schema
from runbook_keys.book.problem import Problem, Problems, in_order
from runbook_keys.book.shapes import ShapeChecker
from runbook_keys.model.key import ENTRIES, PREFIXES, KeyMetadata, Tool
from runbook_keys.model.names import refused_name
from runbook_keys.model.runbook import SafetyClass

__all__ = ["key_schema", "read_key_metadata"]

_SHAPES = {
    "slug": "the tool and two words or more, such as jupyter-webhook-event-analysis",
    "version": "a semantic version such as 1.0.0",
    "environment": "capitals, digits and underscores, such as APP_REGION",
    "secrets": "the name of an argument, such as webhook_secret",
    "commands": "the name of a program, without a path",
}
_ARGUMENT = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_TAKEN = frozenset({"before", "dry_run", "help", "out", "undo"})

Fault = tuple[Path, str, str]
"""Where it stands, what is wrong, what to write instead."""


@lru_cache(
    maxsize=64
)  # a run reads the same few when it opens, when it calls them and when it asks what came back
def read_key_metadata(data: bytes) -> tuple[KeyMetadata | None, tuple[Problem, ...]]:
    """The metadata in the bytes of `key.json`; or None and all problems, by line. Never raises."""
    problems: Problems = []
    text = JsonText(data, problems)
    if text.value is None and not problems:
        problems.append(
            Problem(1, "not-json", "The file holds null.", "Write { … } with the fields of a KEY.")
        )
    if text.value is not None:
        ShapeChecker(text, problems, MEANINGS, _SHAPES).check(_model(), text.value, ())
    if problems:
        return None, in_order(problems)
    metadata = msgspec.convert(text.value, KeyMetadata)
    for path, reason, mend in _faults(metadata):
        problems.append(Problem(text.line(path), "bad-key", reason, mend))
    return (None if problems else metadata), in_order(problems)


@cache
def _model() -> mi.Type:
    return mi.type_info(KeyMetadata)


def _faults(key: KeyMetadata) -> Iterator[Fault]:
    yield from _name_faults(key)
    input_faults = list(_object_faults("inputs", key.inputs))
    yield from input_faults or _argument_faults(key)
    yield from _object_faults("outputs", key.outputs)
    yield from _class_faults(key)
    for place, name in enumerate(key.environment):
        if refused := refused_name(name):
            yield ("environment", place), refused, "Remove it."


def _name_faults(key: KeyMetadata) -> Iterator[Fault]:
    prefixes, entries = PREFIXES[key.tool], ENTRIES[key.tool]
    if key.slug.split("-")[0] not in prefixes:
        wanted = " or ".join(f"{prefix}-" for prefix in prefixes)
        yield ("slug",), f"A {key.tool} KEY is not called {key.slug}.", f"Begin its name with {wanted}."
    if key.entry not in entries:
        yield ("entry",), f"{key.tool} does not run {key.entry}.", f"Write {' or '.join(entries)}."
    if key.tool is Tool.JUPYTER and not key.questions:
        yield ("questions",), "The notebook answers no question.", "Write the questions that it answers."
    if key.tool is not Tool.JUPYTER and key.questions:
        yield ("questions",), "Questions are for notebooks.", "Say in the description what it does."


def _object_faults(field: str, schema: dict[str, Any]) -> Iterator[Fault]:
    for reason in schema_faults(schema):
        yield (field,), f"`{field}` is not a JSON Schema that can be used. {reason}", "Correct it."
        return
    if schema.get("type") != "object":
        yield (field,), f"`{field}` does not describe an object.", 'Write "type": "object".'
    if schema.get("additionalProperties") is not False:
        reason = f"`{field}` lets anything else pass."
        yield (field,), reason, 'Write "additionalProperties": false.'
    properties = schema.get("properties", {})
    for name, each in properties.items():
        if not isinstance(each, dict) or not str(each.get("description", "")).strip():
            path = (field, "properties", name)
            yield path, f"`{name}` in `{field}` has no description.", "Say in a few words what it is."
    for place, name in enumerate(schema.get("required", ())):
        if name not in properties:
            reason = f"`{field}` requires `{name}` and does not describe it."
            yield (field, "required", place), reason, "Describe it under properties."


def _argument_faults(key: KeyMetadata) -> Iterator[Fault]:
    properties = key.inputs.get("properties", {})
    for name in properties:
        if not _ARGUMENT.fullmatch(name):
            reason = f"`{name}` can't be the name of an argument."
            yield ("inputs", "properties", name), reason, "Write small letters, digits and underscores."
        elif name in _TAKEN:
            reason = f"`{name}` is an option of `keys call` itself."
            yield ("inputs", "properties", name), reason, "Choose another name."
    for place, name in enumerate(key.secrets):
        if name not in properties:
            yield ("secrets", place), f"`{name}` is no argument.", "Write the name of a property of inputs."
        elif properties[name].get("type") != "string":
            reason = f"The secret `{name}` is not text."
            yield ("inputs", "properties", name), reason, 'Write "type": "string".'
        elif "default" in properties[name]:
            reason = f"The secret `{name}` has a default in a file that everyone reads."
            yield ("inputs", "properties", name, "default"), reason, "Remove the default."


def _class_faults(key: KeyMetadata) -> Iterator[Fault]:
    if not key.is_changing and key.side_effects:
        reason = "A SAFE KEY has side effects."
        yield ("safety",), reason, "Write REVERSIBLE or IRREVERSIBLE, or remove the side effects."
    if key.is_changing and not key.side_effects:
        yield ("side_effects",), f"A {key.safety} KEY names no side effect.", "Say what it changes."
    if key.is_changing and not key.manual_alternative.strip():
        reason = "Nobody could do this by hand: there is no manual alternative."
        yield ("manual_alternative",), reason, "Say how a person does the same."
    if key.safety is SafetyClass.REVERSIBLE and not key.undo.strip():
        yield ("undo",), "It is REVERSIBLE and does not say how.", "Say how a call is undone."
    elif key.has_undo and not key.undo.strip():
        yield ("undo",), "It has an undo and does not say what it does.", "Say how a call is undone."
