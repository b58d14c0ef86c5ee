"""Material beside the journal: outputs, values, notes and the text of the pack.

The line holds only a digest over a random salt and the content. Erasing both leaves the chain whole, and without the
salt nobody can try out which content it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from hashlib import sha256
from typing import get_args

from runbook_keys.model.entry import Blob
from runbook_keys.model.event import AnyEvent, AttemptFinished, RunOpened
from runbook_keys.model.key import KeyRecord


class Material(Enum):
    """What became of a piece of material."""

    WHOLE = "whole"
    CHANGED = "changed"
    ERASED = "erased"
    GONE = "gone"


_FIELDS: dict[type, tuple[str, ...]] = {
    event: tuple(name for name in event.__struct_fields__ if name == "blob" or name.endswith("_blob"))
    for event in get_args(AnyEvent)
}

_WITH_KEYS = {RunOpened, AttemptFinished}


SALT_BYTES = 16
"""How long every salt is. The digest is over salt and content together, so only this says where the content begins."""


def seal(content: bytes, salt: bytes) -> Blob:
    """The blob of this content. `salt` is SALT_BYTES random bytes, used once."""
    return Blob(_digest(salt, content), salt, content)


def is_whole(blob: Blob) -> bool:
    """True if the content is what its digest says, and nothing of it was moved into the salt, or out of it."""
    return len(blob.salt) == SALT_BYTES and _digest(blob.salt, blob.content) == blob.digest


def state_of(held: Sequence[Blob | None]) -> Material:
    """What became of the material of which a store holds this; None is an erased blob."""
    blobs = [blob for blob in held if blob is not None]
    if blobs:
        return Material.WHOLE if all(map(is_whole, blobs)) else Material.CHANGED
    return Material.ERASED if held else Material.GONE


def references(event: AnyEvent) -> tuple[str, ...]:
    """The digests of the blobs that an event speaks of, in the order of its fields; empty fields name none."""
    kind = type(event)
    if not (names := _FIELDS[kind]) and kind not in _WITH_KEYS:
        return ()
    own = [getattr(event, name) for name in names]
    return tuple(digest for digest in (*own, *_of_keys(event)) if digest)


def _of_keys(event: AnyEvent) -> tuple[str, ...]:
    match event:
        case RunOpened(keys=keys):
            return tuple(key.blob for key in keys)
        case AttemptFinished(key=KeyRecord() as key):
            return (key.arguments_blob, key.result_blob, *key.files.values())
        case _:
            return ()


def _digest(salt: bytes, content: bytes) -> str:
    return sha256(salt + content).hexdigest()
