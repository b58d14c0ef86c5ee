"""Reports for paper, as PDF/A. The same page gives the same bytes, on every machine that has the same fonts for letters that
the fonts inside Typst lack.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from runbook_keys.errors import PrintingUnavailable
from runbook_keys.model.printed import Printed
from runbook_keys.system.typeset import page

_TEMPLATE = Path(__file__).with_name("page.typ")
_NO_GLYPH = "could not be displayed with font"
_FAR = (re.compile(r"[^\u0000-\u052f\u2000-\u22ff]"), re.compile(r"[^\x00-\x7f]"))
"""First all but Latin, Greek, Cyrillic, punctuation and arrows, which the fonts inside typst have; then all but ASCII."""


class TypstPrinter:
    """Sets the pages of reports."""

    def pdf(self, printed: Printed, pictures: Mapping[str, bytes]) -> bytes:
        """The page as PDF/A-2b. `pictures` are SVG by name. Raises PrintingUnavailable.

        Where no font here has a letter, the letters of such scripts are spelled out (`\\u4f60`): a box would say nothing.
        """
        content = msgspec.json.encode(printed).decode("utf-8")
        for far in _FAR:
            try:
                return _set(content, pictures)
            except PrintingUnavailable as unavailable:
                if _NO_GLYPH not in str(unavailable):
                    raise
                content = far.sub(_spelled, content)
        return _set(content, pictures)


def _set(content: str, pictures: Mapping[str, bytes]) -> bytes:
    return page(
        {"main.typ": _TEMPLATE.read_bytes(), "page.json": content.encode("utf-8"), **pictures}, "a-2b"
    )


def _spelled(found: re.Match[str]) -> str:
    return f"\\\\u{ord(found[0]):04x}"
