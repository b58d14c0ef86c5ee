"""The part of OSCAL 1.1's assessment results that we write, as a strict JSON Schema by our own hand.

Written from the model's reference; what it allows is never more than the model does. The official schema is not on any
package registry, so it is not the oracle here.
"""

from __future__ import annotations

from typing import Any

TOKEN = {"type": "string", "pattern": r"^[A-Za-z_][A-Za-z0-9._-]*$"}
LINE = {"type": "string", "pattern": r"^\S(.*\S)?$"}
TEXT = {"type": "string", "minLength": 1}
UUID = {
    "type": "string",
    "pattern": r"^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
}
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    named = {name.replace("_", "-"): schema for name, schema in optional.items()}
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **named},
        "additionalProperties": False,
    }


def _some(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": items}


PROPS = _some(
    _object({"name": TOKEN, "value": LINE}, ns={"type": "string", "pattern": r"^[a-z][a-z0-9+.-]*://\S+$"})
)
EVIDENCE = _object({"description": TEXT}, props=PROPS)
OBSERVATION = _object(
    {
        "uuid": UUID,
        "description": TEXT,
        "methods": _some({"enum": ["EXAMINE", "INTERVIEW", "TEST", "UNKNOWN"]}),
        "collected": MOMENT,
    },
    title=LINE,
    props=PROPS,
    types=_some(TOKEN),
    relevant_evidence=_some(EVIDENCE),
)
SELECTION = _object({}, description=TEXT, include_controls=_some(_object({"control-id": TOKEN})))
RESULT = _object(
    {
        "uuid": UUID,
        "title": LINE,
        "description": TEXT,
        "start": MOMENT,
        "reviewed-controls": _object({"control-selections": _some(SELECTION)}),
    },
    end=MOMENT,
    props=PROPS,
    observations=_some(OBSERVATION),
)
SCHEMA = _object(
    {
        "assessment-results": _object(
            {
                "uuid": UUID,
                "metadata": _object(
                    {
                        "title": LINE,
                        "last-modified": MOMENT,
                        "version": LINE,
                        "oscal-version": {"enum": ["1.1.0", "1.1.1", "1.1.2", "1.1.3"]},
                    },
                    remarks=TEXT,
                ),
                "import-ap": _object(
                    {"href": {"type": "string", "pattern": r"^#[0-9a-f-]{36}$"}}, remarks=TEXT
                ),
                "results": _some(RESULT),
            },
            back_matter=_object({"resources": _some(_object({"uuid": UUID}, title=LINE, description=TEXT))}),
        )
    }
)
