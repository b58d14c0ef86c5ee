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

from runbook_keys.errors import PrintingUnavailable


def pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """The PDF that `template` makes of `data`; the template reads it as `json(bytes(sys.inputs.data))`.

    The template says `#set document(date: none)` where its pages are to be the same whenever they are made.
    Raises PrintingUnavailable where Typst is missing.
    """
    return bytes(_typst().compile(template.encode(), format="pdf", **_inputs(data)))


def pictures(template: str, data: Mapping[str, Any], dots_per_inch: float = 144) -> list[bytes]:
    """The same pages as PNG, one picture each. Raises PrintingUnavailable where Typst is missing."""
    made = _typst().compile(template.encode(), format="png", ppi=dots_per_inch, **_inputs(data))
    return list(made) if isinstance(made, list) else [made]


def measured(template: str, data: Mapping[str, Any], label: str) -> Any:
    """What the template says of its own pages: the value of `#metadata(…) <label>`. Raises PrintingUnavailable."""
    found = _typst().query(template.encode(), f"<{label}>", field="value", one=True, **_inputs(data))
    return msgspec.json.decode(found)


def page(files: Mapping[str, bytes], standard: str) -> bytes:
    """The PDF of `main.typ` among `files`, which exist in memory only, to a PDF standard such as `a-2b`.

    Scripts that Typst brings no font for come from the machine's. Raises PrintingUnavailable, also for what can't be set.
    """
    typst = _typst()
    try:
        return bytes(typst.compile(dict(files), format="pdf", pdf_standards=standard))
    except typst.TypstError as error:
        raise PrintingUnavailable(
            f"The page can't be set as PDF: {error}. Print the HTML page from a browser, and tell whoever keeps KEYS."
        ) from error


def _inputs(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"sys_inputs": {"data": msgspec.json.encode(data).decode()}, "ignore_system_fonts": True}


def _typst() -> ModuleType:
    try:
        import typst
    except ImportError as error:
        raise PrintingUnavailable(
            "A PDF needs Typst, and it is not installed here: `pip install 'runbook-keys[pdf]'`. "
            "A browser prints the HTML page as well."
        ) from error
    return typst
