"""Rows as CSV. A spreadsheet must not take what somebody wrote for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = re.compile("\\s*[=+@\uff1d\uff0b\uff0d\uff20-]")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The rows as CSV (RFC 4180, UTF-8), every text safe to open in a spreadsheet."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return stream.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: object) -> object:
    if isinstance(value, int):
        return value
    text = "".join(char if char >= " " or char == "\n" else f"\\x{ord(char):02x}" for char in str(value))
    return f"'{text}" if _FORMULA.match(text) else text
