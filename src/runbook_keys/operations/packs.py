"""From a name to a runbook that can be run: its text, its metadata, its digest."""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.book.book import Book
from runbook_keys.book.digest import pack_digest
from runbook_keys.book.metadata import read_metadata
from runbook_keys.errors import InvalidPack
from runbook_keys.model.pack import Pack, PackMetadata
from runbook_keys.model.runbook import Runbook
from runbook_keys.ports import Cache

README = "README.md"
METADATA = "pack.json"


class OpenPack(Struct, frozen=True):
    """A pack that was read: the tree, what `pack.json` says, and the digest that a run pins."""

    pack: Pack
    book: Book
    metadata: PackMetadata
    digest: str

    @property
    def runbook(self) -> Runbook:
        """The decision tree."""
        return self.book.runbook


def read_pack(pack: Pack, cache: Cache) -> OpenPack:
    """Read `README.md` and `pack.json`; raises InvalidPack with every reason why it can't be run."""
    for name in (README, METADATA):
        if name not in pack.files:
            raise InvalidPack(f"{pack.origin} has no {name}. A pack needs README.md and pack.json.")
    book = _book(pack.files[README], cache)
    metadata, problems = read_metadata(pack.files[METADATA])
    if metadata is None:
        reasons = "\n".join(f"  {METADATA}:{problem.line}: {problem.reason}" for problem in problems)
        raise InvalidPack(f"{pack.origin} can't be run:\n{reasons}\n`keys check` says how to mend it.")
    return OpenPack(pack, book, metadata, pack_digest(pack.files))


def _book(source: bytes, cache: Cache) -> Book:
    """The parsed text, remembered: parsing is most of what stands between a page and its first question."""
    key = f"book {hashlib.sha256(source).hexdigest()}"
    remembered = cache.get(key)
    if remembered is not None:
        return replace(msgspec.msgpack.decode(remembered, type=Book), source=source)
    # What reads a page is many modules, and a run of a page that was read before needs none of them.
    from runbook_keys.book.parse import parse

    book = parse(source, README)
    cache.put(key, msgspec.msgpack.encode(replace(book, source=b"")))
    return book


def printed_page(pack: Pack, cache: Cache) -> bytes:
    """`checklist.md` as it is made from the pack's `README.md` now."""
    from runbook_keys.book.checklist import checklist

    opened = read_pack(pack, cache)
    return checklist(opened.runbook, opened.book.source, opened.metadata).encode()
