"""A notebook's file (nbformat 4) as far as a KEY needs it: its cells, and where parameters go."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from runbook_keys.book.json_text import JsonText
from runbook_keys.book.problem import Problem, Problems

PARAMETERS = "parameters"

Cell = dict[str, Any]


class Notebook(Struct, frozen=True):
    """A notebook that can be run: the whole document, and the place of the cell tagged `parameters`."""

    document: dict[str, Any]
    parameters_at: int

    @property
    def cells(self) -> Sequence[Cell]:
        """All cells, in order."""
        found: Sequence[Cell] = self.document["cells"]
        return found

    @property
    def defaults(self) -> frozenset[str]:
        """The names that the cell tagged `parameters` gives a default."""
        return _assigned(source_of(self.cells[self.parameters_at]))


def read_notebook(data: bytes, inputs: Sequence[str]) -> tuple[Notebook | None, tuple[Problem, ...]]:
    """The notebook in these bytes, for a KEY with these inputs; or None and what is wrong. Never raises."""
    problems: Problems = []
    document = JsonText(data, problems).value
    if problems:
        return None, tuple(problems)
    reason = _not_usable(document)
    if reason:
        return None, (_fault(*reason),)
    tagged = [place for place, cell in enumerate(document["cells"]) if _is_tagged(cell)]
    if len(tagged) != 1:
        count = "no cell" if not tagged else f"{len(tagged)} cells"
        return None, (_fault(f"The notebook has {count} tagged `parameters`.", "Tag exactly one cell so."),)
    found = Notebook(document, tagged[0])
    missing = [name for name in inputs if name not in found.defaults]
    faults = [
        _fault(f"The cell tagged `parameters` gives `{name}` no default.", f"Write {name} = … in it.")
        for name in missing
    ]
    if not any("declare" in source_of(cell) for cell in found.cells if cell["cell_type"] == "code"):
        faults.append(_fault("The notebook declares no result.", "Call declare({…}) in its last cell."))
    return found, tuple(faults)


def source_of(cell: Mapping[str, Any]) -> str:
    """The text of a cell, which the file holds as one text or as lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(map(str, source))


def parameters_cell(arguments: Mapping[str, Any]) -> str:
    """The text of the cell that is put after the tagged one: one assignment a line, each value a Python literal."""
    lines = (f"{name} = {value!r}" for name, value in arguments.items())
    return "\n".join(("# Parameters of this call, put here by KEYS.", *lines))


def _not_usable(document: Any) -> tuple[str, str] | None:
    if not isinstance(document, dict) or document.get("nbformat") != 4:
        return "The notebook is not in format 4.", "Save it with a Jupyter of this decade."
    cells = document.get("cells")
    if not isinstance(cells, list) or not all(_is_cell(cell) for cell in cells):
        return "The notebook has no list of cells.", "Save it again with Jupyter."
    language = (document.get("metadata") or {}).get("language_info", {}).get("name", "python")
    if language != "python":
        return f"The notebook is written in {str(language)[:40]}.", "Write it in Python."
    return None


def _is_cell(cell: object) -> bool:
    return isinstance(cell, dict) and cell.get("cell_type") in ("code", "markdown", "raw")


def _is_tagged(cell: Cell) -> bool:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return cell["cell_type"] == "code" and isinstance(tags, list) and PARAMETERS in tags


def _assigned(source: str) -> frozenset[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    return frozenset(
        target.id for each in tree.body for target in _targets(each) if isinstance(target, ast.Name)
    )


def _targets(statement: ast.stmt) -> Sequence[ast.expr]:
    match statement:
        case ast.Assign(targets=targets):
            return targets
        case ast.AnnAssign(target=target, value=ast.expr()):
            return [target]
        case _:
            return []


def _fault(reason: str, mend: str) -> Problem:
    return Problem(0, "bad-notebook", reason, mend)
