"""Pages for paper, by Typst. The only place that knows it.

A template is Typst text and comes from this package alone. What is printed reaches it as data: no word of a runbook or a
run is ever read as markup, as code or as a path. Only the fonts that Typst brings along are used, so the same template
and data give the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import msgspec

from runbook_keys.errors import TypesettingUnavailable


def pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """The PDF that `template` makes of `data`; the template reads it as `json(bytes(sys.inputs.data))`.

    The template says `#set document(date: none)` where its pages are to be the same whenever they are made.
    Raises TypesettingUnavailable where Typst is missing.
    """
    return bytes(_typst().compile(template.encode(), format="pdf", **_inputs(data)))


def pictures(template: str, data: Mapping[str, Any], dots_per_inch: float = 144) -> list[bytes]:
    """The same pages as PNG, one picture each. Raises TypesettingUnavailable where Typst is missing."""
    made = _typst().compile(template.encode(), format="png", ppi=dots_per_inch, **_inputs(data))
    return list(made) if isinstance(made, list) else [made]


def measured(template: str, data: Mapping[str, Any], label: str) -> Any:
    """What the template says of its own pages: the value of `#metadata(…) <label>`. Raises TypesettingUnavailable."""
    found = _typst().query(template.encode(), f"<{label}>", field="value", one=True, **_inputs(data))
    return msgspec.json.decode(found)


def _inputs(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"sys_inputs": {"data": msgspec.json.encode(data).decode()}, "ignore_system_fonts": True}


def _typst() -> ModuleType:
    try:
        import typst
    except ImportError as error:
        raise TypesettingUnavailable(
            "PDF pages need Typst, and it is not installed. Install it with: pip install 'runbook-keys[pdf]'"
        ) from error
    return typst
