"""One cell of the matrix, and what many of them say together."""

from collections import Counter
from typing import Any, NamedTuple

SHOWN = 12

RIGHT, LOCKED_OUT, EXCESS, LEAK, UNKNOWN = "right", "locked-out", "excess", "leak", "unknown"


class Cell(NamedTuple):
    """Who (`subject`, in a client role) tried what, and what came of it.

    locked-out: less than the contract gives · excess: more, and only with the caller's own rows ·
    leak: rows that are not the caller's · unknown: nobody could find out.
    """

    via: str
    subject: str
    table: str
    command: str
    expected: str
    observed: str
    verdict: str

    def words(self) -> str:
        """The cell in a line."""
        tried = f"{self.via}: {self.subject}, {self.command} {self.table}"
        return f"{tried}: {self.observed}; {self.expected} is right ({self.verdict})"


class Reach(NamedTuple):
    """What somebody reached: rows of their own, rows that are not; `own_there` is how many of their own there are."""

    own: int
    foreign: int
    own_there: int
    is_refused: bool = False


def judged(via: str, subject: str, table: str, command: str, expected: str, reach: Reach) -> Cell:
    """The cell for what was reached."""
    observed = "refused" if reach.is_refused else f"{reach.own} own and {reach.foreign} other rows"
    return Cell(via, subject, table, command, expected, observed, _verdict(expected, reach))


def unknown(via: str, subject: str, table: str, command: str, expected: str, why: str) -> Cell:
    """A cell that nobody could find out."""
    return Cell(via, subject, table, command, expected, why, UNKNOWN)


def _verdict(expected: str, reach: Reach) -> str:
    if reach.foreign:
        return LEAK
    if expected == "none":
        return EXCESS if reach.own else RIGHT
    return RIGHT if reach.own == reach.own_there else LOCKED_OUT


def summary(cells: list[Cell]) -> dict[str, Any]:
    """Counts in all, and for each way of asking; the tables and the first cells that are wrong."""
    wrong = [cell for cell in cells if cell.verdict != RIGHT]
    return {
        "cells": len(cells),
        **_counts(cells),
        "sql": _counts([cell for cell in cells if cell.via == "sql"]),
        "http": _counts([cell for cell in cells if cell.via == "http"]),
        "tables": sorted({cell.table for cell in wrong}),
        "wrong_cells": [cell.words() for cell in wrong[:SHOWN]],
    }


def _counts(cells: list[Cell]) -> dict[str, int]:
    counted = Counter(cell.verdict for cell in cells)
    return {
        "wrong": len(cells) - counted[RIGHT],
        "locked_out": counted[LOCKED_OUT],
        "excess": counted[EXCESS],
        "leaks": counted[LEAK],
        "unknown": counted[UNKNOWN],
    }
