"""The published JSON Schema (2020-12) of `key.json`, made from the model, and what each field means."""

from __future__ import annotations

from typing import Any

import msgspec

from runbook_keys.book.metadata_schema import MEANINGS as PACK_MEANINGS
from runbook_keys.book.metadata_schema import SCHEMA_DIALECT, Meaning
from runbook_keys.model.key import ENTRIES, PREFIXES, KeyMetadata

_EMPTY_OBJECT = {"type": "object", "additionalProperties": False, "properties": {}}

MEANINGS: dict[str, dict[str, Meaning]] = {
    "Author": PACK_MEANINGS["Author"],
    "KeyMetadata": {
        "slug": (
            "the KEY's name, which is its folder's name: the tool, an outcome or capability, a pattern.",
            "jupyter-webhook-event-analysis",
        ),
        "title": ("what it is called in a list.", "Webhook event analysis"),
        "description": ("one or two sentences: what it answers or does.", "Counts failures by cause."),
        "tool": ("what runs it: jupyter, node or python.", "jupyter"),
        "version": ("the KEY's semantic version.", "1.0.0"),
        "outcome": ("what is known or true when it is over.", "The cause of most failures is known."),
        "maturity": (
            "how demanding a place it is written for: starter, operator, scale, enterprise.",
            "operator",
        ),
        "owner": ("the team that answers for it.", "payments-team"),
        "author": ("who wrote it.", {"name": "Payments team"}),
        "license_spdx": ("the licence, by its SPDX name.", "Apache-2.0"),
        "entry": ("the file that a call begins with.", "analysis.ipynb"),
        "inputs": ("JSON Schema of the object of arguments; each property has a description.", _EMPTY_OBJECT),
        "outputs": ("JSON Schema of the result, an object.", _EMPTY_OBJECT),
        "safety": ("what a call may do to the world: SAFE, REVERSIBLE or IRREVERSIBLE.", "SAFE"),
        "timeout_seconds": ("after how many seconds a call is ended.", 60),
        "questions": ("the questions that a notebook answers.", ["Are signatures being refused?"]),
        "side_effects": ("what a call changes or makes others notice; empty for SAFE.", ["the app restarts"]),
        "preconditions": ("what must be true before a call.", ["the secret was rotated at Stripe"]),
        "dry_run": ("true where it can say what it would do, and do nothing.", True),
        "undo": ("how a call is undone, in words; empty where it is not.", "puts the backup file back"),
        "has_undo": ("true where the entry exports an undo function.", True),
        "manual_alternative": ("how a person does the same by hand.", "Edit the file, restart the app."),
        "environment": ("names that it reads from the operator's environment.", ["APP_REGION"]),
        "secrets": ("names of the arguments whose values are never shown.", ["secret"]),
        "commands": ("programs that it calls.", ["systemctl"]),
        "tags": ("words to find it by.", ["stripe", "webhooks"]),
        "documentation": ("the file that explains it.", "README.md"),
    },
}

_BEYOND = (
    "What a schema can't say is checked too: `inputs` and `outputs` are closed JSON Schemas with a description for each "
    "property, and `secrets` names properties of `inputs` that are text."
)


def key_schema() -> dict[str, Any]:
    """The schema as plain JSON values, complete in itself."""
    (reference,), components = msgspec.json.schema_components([KeyMetadata], ref_template="#/$defs/{name}")
    for name, meanings in MEANINGS.items():
        properties = components[name]["properties"]
        for field, (meaning, example) in meanings.items():
            words = meaning[0].upper() + meaning[1:]
            properties[field] = {**properties[field], "description": words, "examples": [example]}
    components["KeyMetadata"]["allOf"] = [*_of_tools(), *_of_classes()]
    return {
        "$schema": SCHEMA_DIALECT,
        "title": "key.json of a KEY",
        "$comment": _BEYOND,
        **reference,
        "$defs": components,
    }


def _of_tools() -> list[dict[str, Any]]:
    return [
        {
            "if": {"properties": {"tool": {"const": tool.value}}},
            "then": {
                "properties": {
                    "slug": {"pattern": f"^({'|'.join(prefixes)})-"},
                    "entry": {"enum": list(ENTRIES[tool])},
                    "questions": {"minItems": 1} if tool == "jupyter" else {"maxItems": 0},
                },
                "required": ["questions"] if tool == "jupyter" else [],
            },
        }
        for tool, prefixes in PREFIXES.items()
    ]


def _of_classes() -> list[dict[str, Any]]:
    changing = {"side_effects": {"minItems": 1}, "manual_alternative": {"pattern": r"\S"}}
    return [
        {
            "if": {"properties": {"safety": {"const": "SAFE"}}},
            "then": {"properties": {"side_effects": {"maxItems": 0}}},
            "else": {"properties": changing, "required": list(changing)},
        },
        {
            "if": {"properties": {"safety": {"const": "REVERSIBLE"}}},
            "then": {"properties": {"undo": {"pattern": r"\S"}}, "required": ["undo"]},
        },
        {
            "if": {"properties": {"has_undo": {"const": True}}, "required": ["has_undo"]},
            "then": {"properties": {"undo": {"pattern": r"\S"}}, "required": ["undo"]},
        },
    ]
