"""Small KEYS for tests, made from the text of their entry."""

from __future__ import annotations

import json
from typing import Any

from runbook_keys.model.pack import Pack

_ENTRY = {"jupyter": "analysis.ipynb", "node": "main.mjs", "python": "main.py"}


def an_object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    """A closed JSON Schema of an object; each property gets a description."""
    described = {name: {"description": name, **schema} for name, schema in properties.items()}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": described,
        "required": list(required),
    }


COUNT = an_object(count={"type": "integer"})
ANYTHING = {**an_object(), "additionalProperties": True}


def key_json(tool: str, **fields: Any) -> dict[str, Any]:
    """A sound `key.json`; `fields` replace its own."""
    own: dict[str, Any] = {
        "slug": f"{tool}-throw-away",
        "title": "Throw away",
        "description": "Made for a test.",
        "tool": tool,
        "version": "1.0.0",
        "outcome": "A test has run.",
        "maturity": "starter",
        "owner": "tests",
        "author": {"name": "Tests"},
        "license_spdx": "Apache-2.0",
        "entry": _ENTRY[tool],
        "inputs": an_object(),
        "outputs": COUNT,
        "safety": "SAFE",
        "timeout_seconds": 60,
        "questions": ["How many?"] if tool == "jupyter" else [],
    }
    changed = {**own, **fields}
    if changed["safety"] != "SAFE":
        changed = {
            "side_effects": ["a file is written"],
            "manual_alternative": "Write it by hand.",
            "undo": "Remove it.",
            **changed,
        }
    return changed


def a_key(tool: str, source: str, **fields: Any) -> Pack:
    """A KEY whose entry holds `source`."""
    metadata = key_json(tool, **fields)
    return Pack(
        {"key.json": json.dumps(metadata, indent=1).encode(), metadata["entry"]: source.encode()}, tool
    )


def a_notebook(*cells: str, parameters: str = "") -> str:
    """A notebook of these code cells, after the cell tagged `parameters`."""
    tagged = {"metadata": {"tags": ["parameters"]}, "source": parameters}
    written = [tagged, *({"metadata": {}, "source": cell} for cell in cells)]
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"language_info": {"name": "python"}},
        "cells": [
            {"cell_type": "code", "id": f"c{n}", "execution_count": None, "outputs": [], **each}
            for n, each in enumerate(written)
        ],
    }
    return json.dumps(document)
