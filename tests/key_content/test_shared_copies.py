"""A KEY is a folder by itself, so that a run can pin it; what several KEYS share are copies, and copies must not drift."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

LIBRARY = Path(__file__).parents[2] / "library"
OWN = {"key.json", "README.md", "CHANGELOG.md", "analysis.ipynb", "main.mjs", "main.ts", "main.py"}
"""What every KEY has its own of."""


def test_files_of_one_name_are_the_same_in_every_key() -> None:
    """A mend in one of them is a mend in all: copy it, and raise the versions."""
    copies: dict[str, set[bytes]] = defaultdict(set)
    for tool in ("jupyter", "node", "python"):
        for path in (LIBRARY / tool).glob("*/*"):
            if path.is_file() and path.name not in OWN:
                copies[f"{tool}/{path.name}"].add(path.read_bytes())

    assert sorted(name for name, contents in copies.items() if len(contents) > 1) == []
