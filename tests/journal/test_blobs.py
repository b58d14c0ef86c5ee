"""Material is bound to its entry and can be erased."""

from __future__ import annotations

from hashlib import sha256
from typing import get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from runbook_keys.journal.blobs import is_whole, references, seal
from runbook_keys.model.event import AnyEvent, AttemptFinished, EvidenceRecorded, NoteAdded, RunOpened
from runbook_keys.model.outcome import OutcomeKind, Role

SALT = bytes(range(16))


@given(st.binary(), st.binary(min_size=16, max_size=16))
def test_a_sealed_blob_is_whole(content: bytes, salt: bytes) -> None:
    """Its digest is the SHA-256 over salt and content."""
    blob = seal(content, salt)
    assert is_whole(blob)
    assert blob.digest == sha256(salt + content).hexdigest()


@given(st.binary(min_size=1), st.data())
def test_a_changed_blob_is_not_whole(content: bytes, data: st.DataObject) -> None:
    """Any byte of the content or of the salt."""
    blob = seal(content, SALT)
    place = data.draw(st.integers(0, len(content) - 1))
    changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    assert not is_whole(msgspec.structs.replace(blob, content=changed))
    assert not is_whole(msgspec.structs.replace(blob, salt=SALT[::-1]))


@given(st.binary(min_size=1), st.integers(0, 40))
def test_what_moved_between_salt_and_content_is_not_whole(content: bytes, place: int) -> None:
    """Their digest is the same wherever the border lies: a word less at the beginning of a note is another note."""
    blob, sealed = seal(content, SALT), SALT + content
    moved = msgspec.structs.replace(blob, salt=sealed[:place], content=sealed[place:])
    assert is_whole(moved) is (moved == blob)


def test_equal_content_does_not_show_as_equal() -> None:
    """Each has a salt of its own, so that nobody can tell from the journal that two answers were the same."""
    assert seal(b"yes", SALT).digest != seal(b"yes", SALT[::-1]).digest


def test_events_name_the_material_they_speak_of() -> None:
    """Every field for a blob, in order; an empty one names nothing."""
    opened = RunOpened("s", "1.0.0", "p", "pack", "inputs", {}, "S1", "i")
    finished = AttemptFinished("D1", Role.WORK, 1, OutcomeKind.SUCCEEDED, output_blob="out")
    assert references(opened) == ("pack", "inputs")
    assert references(finished) == ("out",)
    assert references(NoteAdded("D1", "note")) == ("note",)
    assert references(EvidenceRecorded(0, "words", "answer")) == ("answer",)
    assert references(EvidenceRecorded(0, "words")) == ()


def test_every_field_that_looks_like_a_blob_is_known() -> None:
    """A new event whose field speaks of a blob by another name would escape verification: it is seen here."""
    suspicious = {
        name
        for event in get_args(AnyEvent)
        for name in event.__struct_fields__
        if "blob" in name and not (name == "blob" or name.endswith("_blob"))
    }
    assert suspicious == set()
