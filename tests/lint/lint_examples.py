"""Examples of a rule: the base pack, changed by what stands in `tests/lint/<rule>/pass` or `fail`.

A file in an example's folder takes the place of the base pack's. A file `NAME.edit` changes it instead: each edit is a
line `@@ replace`, the old text, a line `@@ by`, the new text; the old text must stand in the file exactly once.
A file `NAME.delete` takes it away. `checklist.md` is made from the result unless the example holds its own.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from runbook_keys.book.checklist import checklist
from runbook_keys.book.key_metadata import read_key_metadata
from runbook_keys.book.metadata import read_metadata
from runbook_keys.book.parse import parse
from runbook_keys.lint.check import check
from runbook_keys.lint.material import gather, with_remarks
from runbook_keys.model.finding import Finding
from runbook_keys.model.pack import Pack
from runbook_keys.system.shellcheck import ShellCheck

HERE = Path(__file__).parent
BASE = HERE / "base" / "queue-stuck"
INSTALLED = frozenset({"queue-stuck", "checkout-down"})

KEYS = {
    path.parent.name: read_key_metadata(path.read_bytes())[0] for path in (HERE / "keys").glob("*/key.json")
}

_EDIT = re.compile(r"^@@ replace\n(.*?)\n@@ by\n(.*?)(?=\n@@ replace\n|\Z)", re.MULTILINE | re.DOTALL)


def read_files(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by relative path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def edited(text: str, edits: str) -> str:
    """A text with the edits of a `.edit` file; every edit must fit."""
    found = _EDIT.findall(edits.removesuffix("\n"))
    assert found, "an edit file holds no edit"
    for old, new in found:
        assert text.count(old) == 1, f"this stands {text.count(old)} times in the base pack:\n{old}"
        text = text.replace(old, new)
    return text


def example(folder: Path) -> Pack:
    """The pack that the folder describes."""
    files = read_files(BASE)
    changes = read_files(folder)
    for name, content in changes.items():
        if name.endswith(".edit"):
            target = name.removesuffix(".edit")
            files[target] = edited(files[target].decode(), content.decode()).encode()
        elif name.endswith(".delete"):
            files.pop(name.removesuffix(".delete"), None)
        else:
            files[name] = content
    if not any(name.startswith("checklist.md") for name in changes):
        files["checklist.md"] = _printed(files)
    return Pack(files, "packs/queue-stuck")


def _printed(files: dict[str, bytes]) -> bytes:
    readme = files.get("README.md", b"")
    metadata, _ = read_metadata(files.get("pack.json", b""))
    return checklist(parse(readme).runbook, readme, metadata).encode("utf-8", "replace")


def pack_with(**edits: tuple[str, str]) -> Pack:
    """The base pack with one replacement in `readme=` or `metadata=`, its checklist made again."""
    names = {"readme": "README.md", "metadata": "pack.json"}
    files = read_files(BASE)
    for which, (old, new) in edits.items():
        text = files[names[which]].decode()
        assert text.count(old) == 1, f"this stands {text.count(old)} times in {names[which]}:\n{old}"
        files[names[which]] = text.replace(old, new).encode()
    files["checklist.md"] = _printed(files)
    return Pack(files, "packs/queue-stuck")


@cache
def _remarks(text: str) -> tuple[tuple[int, str, str], ...]:
    return tuple(ShellCheck().analyse([text])[0])


def findings(pack: Pack, *, is_shellcheck_there: bool = True) -> tuple[Finding, ...]:
    """What the rules find in a pack."""
    material = gather(pack, INSTALLED, KEYS)
    if is_shellcheck_there:
        (material,) = with_remarks([material], [_remarks(text) for text in material.bash_texts])
    return check(material)


def open_findings(folder: Path) -> list[Finding]:
    """What the rules find in an example and nobody has allowed. `shellcheck.delete` is an example without shellcheck."""
    found = findings(example(folder), is_shellcheck_there=not (folder / "shellcheck.delete").exists())
    return [finding for finding in found if finding.suppressed_because is None]
