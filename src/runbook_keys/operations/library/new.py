"""Make a new KEY or runbook: small, sound, working, and with every place named that its author has to fill."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable

from msgspec import Struct

from runbook_keys.errors import RefusedInput
from runbook_keys.model.key import PREFIXES, Tool
from runbook_keys.model.pack import Pack
from runbook_keys.operations.packs import METADATA, printed_page
from runbook_keys.operations.services import Services

_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_LICENCE = b"Apache-2.0: https://www.apache.org/licenses/LICENSE-2.0\n"

_OF_KEYS = (
    "key.json: title, description, outcome, owner, author. Say what inputs and outputs really are.",
    "README.md: what it answers or does, how to call it, what comes back, its limits.",
    "examples/: small inputs of an invented company, and the result that they give.",
)
_OF_CHANGES = (
    "key.json: argue the class. Say what a call changes, how it is undone, how a person does it by hand."
)
_TODOS = {
    "jupyter": (
        "analysis.ipynb: the question, how the data is read, a picture, the answer.",
        "analysis.ipynb: keep the cell tagged parameters, with a default for each input.",
        *_OF_KEYS,
    ),
    "node": ("main.mjs: what run and undo do, and what a dry run says.", _OF_CHANGES, *_OF_KEYS),
    "python": ("main.py: what run and undo do, and what a dry run says.", _OF_CHANGES, *_OF_KEYS),
    "runbook": (
        "README.md: the ten sections in your own words. Begin with section 5, the diagnosis.",
        "README.md: whom to call, and after how many minutes (section 8).",
        "pack.json: title, description, outcome, owner, severity, inputs, and the alerts that lead to it.",
        "drill/: a drill for each way it can go wrong. `keys fmt` makes checklist.md again after each change.",
    ),
}


class Made(Struct, frozen=True):
    """The files of the new folder by relative path, and what its author has to do."""

    files: dict[str, bytes]
    todos: tuple[str, ...]


def make_new(services: Services, kind: str, slug: str) -> Made:
    """A new `jupyter`, `node`, `python` or `runbook` called `slug`. Raises RefusedInput for a name that does not fit."""
    _refuse_name(kind, slug)
    words = slug.removeprefix(f"{kind}-").replace("-", " ")
    title = words.title() if kind == "runbook" else words.capitalize()
    made = {
        path: content.replace(b"STARTER", slug.encode()).replace(b"TITLE", title.encode())
        for path, content in _starter(files(__package__) / "starters" / kind)
    }
    made["LICENSE.txt"] = _LICENCE
    if METADATA in made:
        made["checklist.md"] = printed_page(Pack(made, slug), services.cache)
    return Made(made, _TODOS[kind])


def _refuse_name(kind: str, slug: str) -> None:
    if not _SLUG.fullmatch(slug):
        raise RefusedInput(
            f"{slug!r} can't be a name. Write small letters and digits, words joined by hyphens."
        )
    if kind == "runbook":
        return
    prefixes = PREFIXES[Tool(kind)]
    if slug.partition("-")[0] not in prefixes or slug.count("-") < 2:
        example = f"{prefixes[0]}-cache-purge"
        raise RefusedInput(
            f"A {kind} KEY is not called {slug}. Write the tool and two words, such as {example}."
        )


def _starter(folder: Traversable, lead: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for each in folder.iterdir():
        if each.is_dir() and each.name != "__pycache__":
            found += _starter(each, f"{lead}{each.name}/")
        elif each.is_file():
            found.append((lead + each.name, each.read_bytes()))
    return sorted(found)
