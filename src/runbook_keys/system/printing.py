"""Pages for paper, as PDF: the one place that knows typst. The same page gives the same bytes, on every machine that has the
same fonts for letters that the fonts inside typst lack.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from runbook_keys.errors import PrintingUnavailable
from runbook_keys.model.printed import Printed

_TEMPLATE = Path(__file__).with_name("page.typ")
_NO_GLYPH = "could not be displayed with font"
_FAR = (re.compile(r"[^\u0000-\u052f\u2000-\u22ff]"), re.compile(r"[^\x00-\x7f]"))
"""First all but Latin, Greek, Cyrillic, punctuation and arrows, which the fonts inside typst have; then all but ASCII."""


class TypstPrinter:
    """Sets pages with typst, from files that exist in memory only."""

    def pdf(self, page: Printed, pictures: Mapping[str, bytes]) -> bytes:
        """The page as PDF/A-2b. `pictures` are SVG by name. Raises PrintingUnavailable.

        Where no font here has a letter, the letters of such scripts are spelled out (`\\u4f60`): a box would say nothing.
        """
        content = msgspec.json.encode(page).decode("utf-8")
        for far in _FAR:
            try:
                return _set(content, pictures)
            except PrintingUnavailable as unavailable:
                if _NO_GLYPH not in str(unavailable):
                    raise
                content = far.sub(_spelled, content)
        return _set(content, pictures)


def _set(content: str, pictures: Mapping[str, bytes]) -> bytes:
    try:
        import typst
    except ImportError as error:
        raise PrintingUnavailable(
            "A PDF needs typst, and it is not installed here: `pip install 'runbook-keys[pdf]'`. "
            "A browser prints the HTML page as well."
        ) from error
    files: Any = {  # typst's stubs know nothing yet of files in memory
        "main.typ": _TEMPLATE.read_bytes(),
        "page.json": content.encode("utf-8"),
        **pictures,
    }
    try:
        return bytes(typst.compile(files, format="pdf", pdf_standards="a-2b"))
    except typst.TypstError as error:
        raise PrintingUnavailable(
            f"The page can't be set as PDF: {error}. Print the HTML page from a browser, and tell whoever keeps KEYS."
        ) from error


def _spelled(found: re.Match[str]) -> str:
    return f"\\\\u{ord(found[0]):04x}"
