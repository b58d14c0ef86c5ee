"""Looking into the local Stripe's state directly, past its API, read-only."""

import contextlib
import json
import sqlite3
from collections.abc import Collection
from typing import Any

from keys_practice.layout import Layout


def endpoints(layout: Layout) -> list[dict[str, Any]]:
    """Every endpoint with all its fields."""
    return _rows(layout, "SELECT * FROM endpoints ORDER BY id")


def events_of(layout: Layout, wanted: Collection[str]) -> list[dict[str, Any]]:
    """Every event of these types, as Stripe delivers it, oldest first."""
    return [
        json.loads(each["body"])
        for each in _rows(layout, "SELECT * FROM events ORDER BY seq")
        if each["type"] in wanted
    ]


def _rows(layout: Layout, query: str) -> list[dict[str, Any]]:
    with contextlib.closing(sqlite3.connect(f"file:{layout.stripe_database}?mode=ro", uri=True)) as state:
        state.row_factory = sqlite3.Row
        return [dict(row) for row in state.execute(query)]
