"""`python -m benchmarks`: every row, printed and kept in docs/reference/benchmarks.md."""

from __future__ import annotations

import platform
from pathlib import Path

from benchmarks import evidence, journal, keys, large, startup
from benchmarks.row import table

PAGE = Path(__file__).parents[1] / "docs/reference/benchmarks.md"
HEAD = """# Benchmarks

Made by `make bench`. Each row compares ours with a reference measured in the same run on the same machine; the ratio
is what counts, the absolute figures belong to that machine.

"""


def main() -> None:
    """Measure, print, keep."""
    rows = [*journal.measure(), *evidence.measure(), *large.measure(), *startup.measure(), *keys.measure()]
    text = table(rows)
    print(text)
    PAGE.write_text(f"{HEAD}Python {platform.python_version()}, 2 cores.\n\n```\n{text}\n```\n", "utf-8")


main()
