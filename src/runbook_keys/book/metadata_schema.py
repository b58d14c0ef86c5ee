"""The published JSON Schema (2020-12) of `pack.json`, made from the model, and what each field means."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from runbook_keys.model.pack import PackMetadata

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"

Meaning = tuple[str, object]
"""What a field means, as a phrase; and an example value."""

MEANINGS: dict[str, dict[str, Meaning]] = {
    "PackMetadata": {
        "slug": ("the pack's name, which is its folder's name.", "stripe-webhook-failure"),
        "title": ("the title, as README.md has it.", "Stripe Webhook Failure"),
        "description": (
            "one or two sentences: what has gone wrong, what this runbook does.",
            "Webhooks are refused.",
        ),
        "tool": ("the kind of tool; a runbook is operational.", "operational"),
        "key_type": ("what it is for: incident, failure-mode, decision, recovery.", ["incident"]),
        "severity_level": ("how bad the incident is, p0 the worst.", "p1"),
        "version": ("the pack's semantic version.", "1.0.0"),
        "runtime_dependency": ("who follows it: human, assisted or automated.", "assisted"),
        "required_access_level": (
            "the most that the operator must be allowed: read, write or admin.",
            "write",
        ),
        "produces_evidence": ("whether section 9 keeps something for an auditor.", True),
        "outcome": ("what is true when it is over.", "Every event is applied exactly once."),
        "maturity": (
            "how demanding a place it is written for: starter, operator, scale, enterprise.",
            "operator",
        ),
        "license_spdx": ("the licence, by its SPDX name.", "Apache-2.0"),
        "author": ("who wrote it.", {"name": "Payments team"}),
        "owner": ("the team that answers for it.", "payments-team"),
        "compliance_relevance": ("frameworks that a run gives evidence for.", ["SOC2"]),
        "references_jupyter_keys": (
            "slugs of the Jupyter KEYS that it calls.",
            ["jupyter-webhook-event-analysis"],
        ),
        "references_node_keys": ("slugs of the Node KEYS that it calls.", ["node-webhook-secret-update"]),
        "references_python_keys": ("slugs of the Python KEYS that it calls.", ["python-webhook-event-gap"]),
        "related_runbooks": ("slugs of the runbooks that it hands off to or mentions.", ["partial-outage"]),
        "tags": ("words to find it by.", ["stripe", "webhooks"]),
        "documentation": ("the file that holds the runbook.", "README.md"),
        "inputs": ("the values that its commands read.", []),
        "alerts": ("the alerts that lead to it.", [{"name": "StripeWebhookFailureRate"}]),
    },
    "DeclaredInput": {
        "name": ("the environment variable that commands read.", "APP_URL"),
        "description": (
            "what the value is, for someone who is asked for it at night.",
            "Where our service listens.",
        ),
        "example": ("a value that could be right.", "https://app.internal"),
        "type": ("what the value must look like: text, integer, url, path, host or choice.", "url"),
        "secret": ("true for what must never be shown; its value comes from the environment only.", False),
        "where": ("where a person finds the value.", "keys.toml of your organisation."),
        "choices": ("the values of a choice.", ["eu", "us"]),
        "pattern": ("a regular expression that the whole value must match.", "we_[A-Za-z0-9]+"),
        "default": ("the value where nobody gives one; never for a secret.", "eu"),
    },
    "AlertMatch": {
        "name": ("the alert's name.", "StripeWebhookFailureRate"),
        "labels": ("labels that the alert must carry, with these values.", {"team": "payments"}),
    },
    "Author": {
        "name": ("a team or an organisation.", "Payments team"),
        "url": ("where to reach them.", "https://example.com/payments"),
    },
}

_SECRET_WITHOUT_DEFAULT = {
    "if": {"properties": {"secret": {"const": True}}, "required": ["secret"]},
    "then": {"properties": {"default": {"type": "null"}}},
}
_CHOICE_HAS_CHOICES = {
    "if": {"properties": {"type": {"const": "choice"}}, "required": ["type"]},
    "then": {"properties": {"choices": {"minItems": 1}}, "required": ["choices"]},
    "else": {"properties": {"choices": {"maxItems": 0}}},
}
_BEYOND = (
    "Three things a schema can't say are checked by `keys check` too: an input's name may not steer the shell or a "
    "program, no two inputs have the same name, and a pattern must be safe to run on a hostile value."
)


def metadata_schema() -> dict[str, Any]:
    """The schema as plain JSON values, complete in itself."""
    (reference,), components = msgspec.json.schema_components([PackMetadata], ref_template="#/$defs/{name}")
    for name, meanings in MEANINGS.items():
        properties = components[name]["properties"]
        for field, (meaning, example) in meanings.items():
            properties[field] = _described(properties[field], meaning, example)
    components["DeclaredInput"]["allOf"] = [_SECRET_WITHOUT_DEFAULT, _CHOICE_HAS_CHOICES]
    schema = {
        "$schema": SCHEMA_DIALECT,
        "title": "pack.json of a runbook",
        "$comment": _BEYOND,
        **reference,
        "$defs": components,
    }
    # msgspec writes a default of no items as a tuple; JSON knows lists only.
    plain: dict[str, Any] = json.loads(json.dumps(schema))
    return plain


def metadata_schema_text() -> str:
    """The schema as it is published: pretty JSON, two spaces deep, with a line break at the end."""
    return json.dumps(metadata_schema(), indent=2, ensure_ascii=False) + "\n"


def _described(schema: dict[str, Any], meaning: str, example: object) -> dict[str, Any]:
    described = {**schema, "description": meaning[0].upper() + meaning[1:], "examples": [example]}
    if schema.get("type") == "array" and "$ref" not in schema.get("items", {}):
        described["uniqueItems"] = True
    if "items" in schema and schema["items"].get("$ref", "").endswith(("KeyType", "Framework")):
        described["uniqueItems"] = True
    return described
