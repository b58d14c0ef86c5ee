"""The one thing that a notebook of a KEY imports: `declare`, by which it says its result.

    from runbook_keys.notebook import declare
    declare({"failures": 12, "cause": "signature"})

Works wherever the notebook is opened. When KEYS calls it, the result is taken from here and looked at by the KEY's own
schema; a second result in one call is refused.
"""

from __future__ import annotations

import json
import sys
from typing import Any

MOST_BYTES = 4 * 1024 * 1024


class _Call:
    """The call that this kernel is in: `is_open` while KEYS runs the notebook."""

    is_open = False
    declared: str | None = None


def declare(result: dict[str, Any]) -> None:
    """Say the result: an object of plain JSON values. Numbers of numpy, pandas and Polars are taken as plain ones.

    Raises TypeError or ValueError for what is no JSON, NaN and infinity included, and RuntimeError for a second result.
    """
    if not isinstance(result, dict):
        raise TypeError(f"declare() takes one dict, not {type(result).__name__}.")
    if _Call.is_open and _Call.declared is not None:
        raise RuntimeError("The notebook has declared its result already; it declares it once.")
    text = json.dumps(result, allow_nan=False, default=_plain)
    if len(text.encode()) > MOST_BYTES:
        raise ValueError(
            f"The result has {len(text):,} characters as JSON; at most {MOST_BYTES:,} bytes are taken."
        )
    _Call.declared = text
    _show(json.loads(text))


def begin() -> None:
    """Forget the result of an earlier call; KEYS does this before each."""
    _Call.is_open, _Call.declared = True, None


def declared() -> str:
    """The declared result as JSON text; empty where there is none yet."""
    return _Call.declared or ""


def _plain(value: Any) -> Any:
    """A number or truth value of an array library as Python's own."""
    item = getattr(value, "item", None)
    if callable(item) and not getattr(value, "shape", ()):
        return item()
    raise TypeError(f"{type(value).__name__} is no JSON value. Make it text or a number before declare().")


def _show(result: dict[str, Any]) -> None:
    words = json.dumps(result, indent=2, ensure_ascii=False)
    display = getattr(sys.modules.get("IPython.display"), "display", None)
    if display is not None and sys.modules["IPython"].get_ipython() is not None:
        display({"application/json": result, "text/plain": words}, raw=True)
    else:
        sys.stdout.write(words + "\n")
