"""`docs/reference/pack-json.md`, made from the model: what is read and what is written about it can't differ."""

from __future__ import annotations

import json
from typing import Any

from runbook_keys.book.metadata_schema import MEANINGS, metadata_schema

_INTRODUCTION = """\
# pack.json

Made from the model by `scripts/pack-page`: change that, then make this page again.

`pack.json` says what a runbook is, what it needs and what leads to it. Every fault is reported at once, with its line. Unknown
fields are refused, so that a typing slip is seen. It is JSON as RFC 8259 has it, at most 1 MiB: no comments, no `NaN`, no name
twice in one object, no byte order mark. Beyond the shapes below: an input's name may not steer the shell or a program
(`PATH`, `LD_PRELOAD` …), no two inputs have one name, a secret has no default, and a pattern must be safe to run on a hostile
value.
"""
_TITLES = {
    "PackMetadata": "The pack",
    "DeclaredInput": "An input",
    "AlertMatch": "An alert",
    "Author": "The author",
}


def metadata_page() -> str:
    """The page as Markdown: a table of fields for each object, needed ones first."""
    components = metadata_schema()["$defs"]
    tables = (_table(name, title, components) for name, title in _TITLES.items())
    return "\n".join([_INTRODUCTION, *tables])


def _table(name: str, title: str, components: dict[str, Any]) -> str:
    component = components[name]
    needed = set(component["required"])
    order = sorted(MEANINGS[name], key=lambda field: field not in needed)
    rows = (_row(field, component["properties"][field], field in needed, components) for field in order)
    head = f"## {title}\n\n| field | needed | is | means | example |\n|---|---|---|---|---|"
    return "\n".join([head, *rows, ""])


def _row(field: str, schema: dict[str, Any], is_needed: bool, components: dict[str, Any]) -> str:
    example = json.dumps(schema["examples"][0], ensure_ascii=False)
    cells = [f"`{field}`", "yes" if is_needed else "", _shape(schema, components)]
    return "| " + " | ".join([*cells, schema["description"], f"`{example}`"]).replace("\n", " ") + " |"


def _shape(schema: dict[str, Any], components: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return (
            _choices(components[name]) if "enum" in components[name] else f"object: {_TITLES[name].lower()}"
        )
    if "anyOf" in schema:
        return " or ".join(_shape(each, components) for each in schema["anyOf"])
    if "enum" in schema:
        return _choices(schema)
    if schema["type"] == "array":
        return f"list of: {_shape(schema['items'], components)}"
    return _plain(schema)


def _choices(schema: dict[str, Any]) -> str:
    return ", ".join(f"`{each}`" for each in schema["enum"])


def _plain(schema: dict[str, Any]) -> str:
    words = {"string": "text", "boolean": "`true` or `false`", "null": "`null`", "object": "object of texts"}
    shape = words[schema["type"]]
    if schema.get("maxLength"):
        shape += f", at most {schema['maxLength']:,} characters"
    if schema.get("pattern", r"\S") != r"\S":
        shape += ", as `" + schema["pattern"].replace("|", r"\|") + "`"
    return shape
