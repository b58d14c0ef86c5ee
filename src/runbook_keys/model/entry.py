"""A journal's row, its links, and what the store says about runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from runbook_keys.model.actor import Actor
from runbook_keys.model.event import AnyEvent


class Entry(Struct, frozen=True, gc=False):
    """One durable fact: who, when, what, and its place. `seq` is 1-based within the run."""

    run: str
    seq: int
    at: datetime
    actor: Actor
    event: AnyEvent


class Blob(Struct, frozen=True):
    """Material beside the journal. `digest` is hex SHA-256 over `salt` followed by `content`."""

    digest: str
    salt: bytes
    content: bytes


class StoredEntry(Struct, frozen=True, gc=False):
    """An entry as the store holds it: the exact line (with its newline) and the chain value after it (hex)."""

    run: str
    seq: int
    line: bytes
    link: str


class SpineRow(Struct, frozen=True, gc=False):
    """One line of the spine over all runs: `gseq run_no rseq link`, and the spine's chain value after it (hex)."""

    gseq: int
    run_no: int
    rseq: int
    link: str
    spine_link: str


class RunHead(Struct, frozen=True):
    """Where a run stands in the store: its number (1-based, without gaps), last sequence and chain value."""

    run: str
    run_no: int
    seq: int
    link: str


class Checkpoint(Struct, frozen=True):
    """A note over the head of the spine, as it is kept: `no` is 1-based without gaps, `gseq` the row that it covers.

    `note` is the whole text with its signature; `journal/checkpoint.py` reads it.
    """

    no: int
    gseq: int
    note: bytes


class Strange(Struct, frozen=True):
    """What of the place that a journal is kept in KEYS did not make so, each by its kind and name.

    `unguarded` are the names of guards that are gone.
    """

    changed: tuple[tuple[str, str], ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    unguarded: tuple[str, ...] = ()


class Alarm(Struct, frozen=True):
    """Somebody found that the journal does not verify: since when (RFC 3339), and the first finding in words.

    While it stands the journal takes no new run. Runs that are under way go on: what they did must not be lost. Where the
    history `is_rewritten`, not the one that was signed, no checkpoint of theirs is signed either.
    """

    at: str
    what: str
    is_rewritten: bool = False


class Declaration(Struct, frozen=True):
    """That damage is known: `known` are its marks (journal/declared.py), numbers up to `after_no` are not used again."""

    known: str
    after_no: int


class Damage(Struct, frozen=True):
    """One thing that does not verify: where, and in words what that means. `seq` 0 means the run or journal as a whole.

    `code` is the kind of damage (journal/damage_kinds.py), and `facts` are the numbers and names that tell it from others of
    its kind: both stay the same when the words change. `is_foreign`: it may be no damage here but a checkpoint of another
    journal, kept under a wrong name.
    """

    run: str
    seq: int
    what: str
    code: str
    facts: Mapping[str, int | str] = {}
    is_foreign: bool = False
