"""What a database answered: as JSON-ready rows for conditions, and as a table for eyes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runbook_keys.executors.masking import mask_text

MOST_ROWS = 1000
MOST_BYTES = 1024 * 1024
_WIDEST_CELL = 100

# OIDs of pg_type that never change: src/include/catalog/pg_type.dat
_BOOL, _JSON, _JSONB = 16, 114, 3802
_INTEGERS = frozenset({20, 21, 23, 26})
_FLOATS = frozenset({700, 701})


@dataclass(frozen=True)
class Column:
    """A column's name and the OID of its type."""

    name: str
    type_oid: int


@dataclass
class Answer:
    """What came of one statement: rows as the server's text, no more than are kept, and its tag (`UPDATE 3`)."""

    columns: list[Column] = field(default_factory=list)
    rows: list[tuple[str | None, ...]] = field(default_factory=list)
    tag: str = ""
    is_truncated: bool = False
    _size: int = 0

    def add(self, row: tuple[str | None, ...]) -> None:
        """Keep the row while there is room: 1,000 rows and 1 MiB."""
        size = self._size + sum(len(cell or "") for cell in row)
        if self.is_truncated or len(self.rows) == MOST_ROWS or size > MOST_BYTES:
            self.is_truncated = True
            return
        self._size = size
        self.rows.append(row)


def masked(answer: Answer, secrets: Mapping[str, str]) -> Answer:
    """The same answer with secrets replaced in every cell and name."""
    return Answer(
        columns=[Column(mask_text(column.name, secrets), column.type_oid) for column in answer.columns],
        rows=[tuple(cell and mask_text(cell, secrets) for cell in row) for row in answer.rows],
        tag=answer.tag,
        is_truncated=answer.is_truncated,
    )


def json_rows(answer: Answer) -> list[dict[str, Any]]:
    """One mapping a row. Integers, floats, booleans and JSON keep their kind; all else is the server's text."""
    return [
        {column.name: _value(column.type_oid, cell) for column, cell in zip(answer.columns, row, strict=True)}
        for row in answer.rows
    ]


def _value(type_oid: int, cell: str | None) -> Any:
    """A cell that is not what its type says was masked: it stays a text."""
    if cell is None:
        return None
    if type_oid == _BOOL:
        return cell == "t"
    try:
        if type_oid in _INTEGERS:
            return int(cell)
        if type_oid in _FLOATS:
            return float(cell) if math.isfinite(float(cell)) else cell
        return json.loads(cell) if type_oid in (_JSON, _JSONB) else cell
    except (ValueError, RecursionError):
        return cell


def table(answer: Answer) -> str:
    """Columns in line, as `psql` shows them; long cells and line breaks are cut short, as the rows have them whole."""
    if not answer.columns:
        return f"{answer.tag}\n"
    names = [_cell(column.name) for column in answer.columns]
    rows = [[_cell(cell) for cell in row] for row in answer.rows]
    widths = [max(len(row[nth]) for row in (names, *rows)) for nth in range(len(names))]
    lines = [
        _line(names, widths),
        "-+-".join("-" * width for width in widths),
        *(_line(row, widths) for row in rows),
    ]
    return "\n".join([*lines, _count(answer), ""])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cell(text: str | None) -> str:
    flat = (text or "").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return flat if len(flat) <= _WIDEST_CELL else flat[: _WIDEST_CELL - 1] + "…"


def _count(answer: Answer) -> str:
    if answer.is_truncated:
        return f"(the first {len(answer.rows)} rows; KEYS left out the rest)"
    return "(1 row)" if len(answer.rows) == 1 else f"({len(answer.rows)} rows)"
