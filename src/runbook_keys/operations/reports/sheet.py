"""The two printed pages of a runbook, in the largest letters that fit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib import resources
from typing import Any

import msgspec
from msgspec import Struct

from runbook_keys.book.sheet import sheet
from runbook_keys.model.pack import Pack
from runbook_keys.operations.packs import read_pack
from runbook_keys.ports import Cache, Typesetter

MOST_PAGES = 2
SIZES = (
    (10, 9),
    (9.5, 8.5),
    (9, 8),
    (8.5, 8),
    (8.5, 7.5),
    (8, 8),
    (8, 7.5),
    (8, 7),
    (8, 6.7),
    (8, 6.4),
)
"""Points of the words and of the commands, the largest first. The commands' small letters are as high at 6.4 as the words' at 8."""


class PrintedSheet(Struct, frozen=True):
    """A PDF, how many pages it has, and the points of its words and of its commands."""

    pdf: bytes
    pages: int
    points: tuple[float, float]


def printed_sheet(pack: Pack, cache: Cache, typesetter: Typesetter) -> PrintedSheet:
    """The runbook on two A4 pages; on more where it does not fit in the smallest letters.

    Raises InvalidPack, PrintingUnavailable.
    """
    template = resources.files("runbook_keys.book").joinpath("sheet.typ").read_text("utf-8")
    for points in SIZES:
        data = sheet_data(pack, cache, points)
        pages = typesetter.measured(template, data, "pages")
        if pages <= MOST_PAGES:
            break
    return PrintedSheet(typesetter.pdf(template, data), pages, points)


def sheet_data(pack: Pack, cache: Cache, points: tuple[float, float]) -> Mapping[str, Any]:
    """What the template is given. Raises InvalidPack."""
    opened = read_pack(pack, cache)
    digest = hashlib.sha256(opened.book.source).hexdigest()
    made = sheet(opened.runbook, opened.metadata, digest)
    return {"size": points[0], "code": points[1], "sheet": msgspec.to_builtins(made)}
