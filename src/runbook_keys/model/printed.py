"""A page for paper as data: what stands on it, and how loud. Texts are raw; whoever sets it makes them safe for its sink."""

from __future__ import annotations

from datetime import date

from msgspec import Struct


class Span(Struct, frozen=True):
    """Words in one tone: empty, `strong`, `quiet`, `code`, `badge`."""

    text: str
    tone: str = ""


class Part(Struct, frozen=True, tag=True):
    """A piece of the page, from the top to the bottom."""


class Heading(Part, frozen=True, tag=True):
    """A heading of level 1 (the page's own), 2 or 3."""

    level: int
    text: str


class Prose(Part, frozen=True, tag=True):
    """A paragraph; `tone` is empty, `quiet`, `ending`, `good`, `open`, `quote` or `item` (of a list)."""

    spans: tuple[Span, ...]
    tone: str = ""


class Lines(Part, frozen=True, tag=True):
    """Text as it stands, every space of it."""

    text: str


class Picture(Part, frozen=True, tag=True):
    """An SVG, by the name that it is handed over with."""

    name: str


class Facts(Part, frozen=True, tag=True):
    """Names and values."""

    pairs: tuple[tuple[str, str], ...]


class Grid(Part, frozen=True, tag=True):
    """A table; each cell holds parts. `widths` are the columns' shares of what is left, 0 of one that is as wide as it must be."""

    head: tuple[str, ...]
    rows: tuple[tuple[tuple[Prose | Lines, ...], ...], ...]
    widths: tuple[float, ...]


class Printed(Struct, frozen=True):
    """A whole document: its title, its day, what stands on top of every page (left and right), its parts."""

    title: str
    day: date
    left: str
    right: str
    parts: tuple[Heading | Prose | Lines | Picture | Facts | Grid, ...]
