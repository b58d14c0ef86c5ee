"""The house as the code keeps it: short functions, one place per library, one word per thing."""

from __future__ import annotations

import ast
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = ROOT / "src" / "runbook_keys"
FILES = sorted(PRODUCT.rglob("*.py"))

WHERE_IT_LIVES = {
    "click": {"cli"},
    "cryptography": {"system/signing.py", "system/time_stamps.py"},  # keys; certificates of an authority
    "ipykernel": {"executors/key/kernel.py"},
    "jsonschema_rs": {"book/json_schema.py"},
    "jupyter_client": {"executors/key/kernel.py"},
    "keys_practice": {"bootstrap.py"},
    "markdown_it": {
        "book/markdown.py",
        "executors/key/report.py",
    },  # blocks of a text; a notebook's prose as HTML
    "psycopg": {"executors/postgres.py"},
    "rfc3161_client": {"system/time_stamps.py"},
    "tree_sitter": {"lint/shell.py"},
    "tree_sitter_bash": {"lint/shell.py"},
    "typst": {"system/typeset.py"},
    "zmq": {"executors/key/kernel.py"},
}
"""Each third-party library and the one place that knows it; msgspec is the language of the model and is everywhere."""

MAY_WAIT = ("bootstrap.py", "cli/", "operations/")
"""Who may import a room of our own late, so that the first question is on the screen at once."""


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for file in FILES:
        yield file.relative_to(PRODUCT).as_posix(), ast.parse(file.read_text("utf-8"))


def _functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for name, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield name, node


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def test_functions_are_short() -> None:
    """The median is at most 10 lines, nine of ten are at most 40, none is over 80."""
    lengths = sorted((node.end_lineno or 0) - node.lineno + 1 for _, node in _functions())

    assert statistics.median(lengths) <= 10
    assert lengths[len(lengths) * 9 // 10] <= 40
    assert lengths[-1] <= 80


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(PRODUCT).as_posix())
def test_a_file_is_read_in_one_sitting(file: Path) -> None:
    """At most 400 lines."""
    assert len(file.read_text("utf-8").splitlines()) <= 400


def test_each_library_lives_in_one_place() -> None:
    """Replacing one touches one file; what is new here must be given its place above."""
    found = defaultdict(set)
    for name, tree in _trees():
        for node in ast.walk(tree):
            for module in _imported(node):
                top = module.partition(".")[0]
                if top not in sys.stdlib_module_names and top not in {"runbook_keys", "msgspec"}:
                    found[top].add("cli" if name.startswith("cli/") else name)

    assert dict(found) == WHERE_IT_LIVES


def test_rooms_of_our_own_are_imported_at_the_top() -> None:
    """A late import of a room hides an arrow of the house; commands and what they call are the exception."""
    late = {
        name
        for name, function in _functions()
        for node in ast.walk(function)
        for module in _imported(node)
        if module.startswith("runbook_keys")
    }

    assert [name for name in late if not name.startswith(MAY_WAIT)] == []


def test_no_room_is_called_after_nothing() -> None:
    """`utils` and its like say nothing about what lives there."""
    parts = {part for file in FILES for part in file.relative_to(PRODUCT).with_suffix("").parts}

    assert not parts & {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}


def test_public_names_keep_to_the_glossary() -> None:
    """No public class or function is called by a word that the glossary has another word for."""
    page = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    cells = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    unwanted = {
        word for cell in cells[1:] if len(cell) == 3 for word in re.split(r",\s*", cell[2].strip(" |"))
    }
    names = [
        (name, node.name)
        for name, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
    ]
    words = {
        (name, public): set(re.findall(r"[a-z]+", re.sub(r"([A-Z])", r"_\1", public).lower()))
        for name, public in names
    }

    assert len(unwanted) > 10
    assert {public: found & unwanted for public, found in words.items() if found & unwanted} == {}
