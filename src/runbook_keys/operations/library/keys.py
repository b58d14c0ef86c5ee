"""What is installed: KEYS and runbooks, what each needs and changes, and who calls it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from runbook_keys.book.digest import folder_digest
from runbook_keys.book.key_metadata import read_key_metadata
from runbook_keys.errors import InvalidPack, KeysError, UnknownKey
from runbook_keys.model.key import KeyMetadata
from runbook_keys.model.pack import Pack
from runbook_keys.model.runbook import Runbook, SafetyClass
from runbook_keys.operations.packs import OpenPack, read_pack
from runbook_keys.operations.pins import key_blocks
from runbook_keys.operations.services import Services

KEY_FILE = "key.json"
RUNBOOK = "runbook"


class OpenKey(Struct, frozen=True):
    """A KEY that was read: its files, what `key.json` says, and the digest that a run pins."""

    pack: Pack
    metadata: KeyMetadata
    digest: str


class Installed(Struct, frozen=True):
    """One line of the list. `kind` is jupyter, node, python or runbook; `safety` the most that it may do.

    `fault` says in few words why it can't be read; the other fields are then empty.
    """

    slug: str
    kind: str
    version: str = ""
    safety: str = ""
    title: str = ""
    fault: str = ""


class KeyPage(Struct, frozen=True):
    """All there is to say of one KEY. `called_by` names runbooks and the places in them."""

    metadata: KeyMetadata
    digest: str
    origin: str
    called_by: tuple[str, ...]


class RunbookPage(Struct, frozen=True):
    """All there is to say of one runbook before it is run. `calls` names KEYS and the places that call them."""

    slug: str
    title: str
    version: str
    description: str
    safety: SafetyClass
    inputs: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    calls: tuple[str, ...]


def open_key(pack: Pack) -> OpenKey:
    """Read a KEY's folder. Raises InvalidPack with every reason why it can't be called."""
    metadata, problems = read_key_metadata(pack.files.get(KEY_FILE, b""))
    if metadata is None:
        lines = "\n".join(f"  {KEY_FILE}:{each.line}: {each.reason} {each.mend}" for each in problems)
        raise InvalidPack(f"The KEY in {pack.origin} can't be called:\n{lines}")
    if metadata.entry not in pack.files:
        raise InvalidPack(f"The KEY in {pack.origin} has no {metadata.entry}. Its key.json names that file.")
    return OpenKey(pack, metadata, folder_digest(pack.files))


def list_installed(services: Services) -> list[Installed]:
    """Every KEY and every runbook, by kind and name. One that can't be read is listed with its fault."""
    keys = [_key_line(services, slug) for slug in services.keys.key_slugs()]
    runbooks = [_runbook_line(services, slug) for slug in services.library.slugs()]
    return sorted([*keys, *runbooks], key=lambda each: (each.kind == RUNBOOK, each.kind, each.slug))


def page_of(services: Services, name: str) -> KeyPage | RunbookPage | None:
    """What is to be said of the KEY or runbook of this name; None where there is none. Raises InvalidPack."""
    try:
        opened = open_key(services.keys.load_key(name))
    except UnknownKey:
        return _runbook_page(services, name) if name in services.library.slugs() else None
    return KeyPage(
        opened.metadata, opened.digest, opened.pack.origin, tuple(_callers(services, opened.metadata.slug))
    )


def schema_of(kind: str) -> dict[str, Any]:
    """The published JSON Schema of `key` (key.json) or `pack` (pack.json)."""
    from runbook_keys.book.key_schema import key_schema
    from runbook_keys.book.metadata_schema import metadata_schema

    return key_schema() if kind == "key" else metadata_schema()


def _key_line(services: Services, slug: str) -> Installed:
    try:
        found = open_key(services.keys.load_key(slug)).metadata
    except KeysError as error:
        return Installed(slug, slug.partition("-")[0], fault=_first_line(error))
    return Installed(slug, found.tool.value, found.version, found.safety.value, found.title)


def _runbook_line(services: Services, slug: str) -> Installed:
    try:
        opened = _opened(services, slug)
    except KeysError as error:
        return Installed(slug, RUNBOOK, fault=_first_line(error))
    return Installed(
        slug, RUNBOOK, opened.metadata.version, _worst(opened.runbook).value, opened.metadata.title
    )


def _runbook_page(services: Services, slug: str) -> RunbookPage:
    opened = _opened(services, slug)
    blocks = key_blocks(opened.runbook)
    return RunbookPage(
        slug=slug,
        title=opened.metadata.title,
        version=opened.metadata.version,
        description=opened.metadata.description,
        safety=_worst(opened.runbook),
        inputs=tuple((each.name, each.description) for each in opened.metadata.inputs),
        steps=tuple(f"{step.label}. {step.title} ({step.safety})" for step in opened.runbook.steps),
        calls=tuple(f"{each.block.key} ({each.place})" for each in blocks),
    )


def _callers(services: Services, key: str) -> Iterator[str]:
    for slug in services.library.slugs():
        try:
            runbook = _opened(services, slug).runbook
        except KeysError:
            continue
        for each in key_blocks(runbook):
            if each.block.key == key:
                yield f"{slug} ({each.place})"


def _opened(services: Services, slug: str) -> OpenPack:
    return read_pack(services.library.load(slug), services.cache)


def _worst(runbook: Runbook) -> SafetyClass:
    order = list(SafetyClass)
    return max((step.safety for step in runbook.steps), key=order.index, default=SafetyClass.SAFE)


def _first_line(error: KeysError) -> str:
    return str(error).splitlines()[0]
