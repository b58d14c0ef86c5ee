"""Damage that somebody has declared: a backup was restored, a disk lost rows. It stays on record and alarms nobody twice.

A declaration is a signed checkpoint whose line `known` holds a mark for each finding of that day. What is found later and
has no mark is new. Whoever lacks the key can't declare anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256

from runbook_keys.journal.checkpoint import Note
from runbook_keys.journal.damages import earlier_words
from runbook_keys.model.entry import Damage

MOST_MARKS = 1000
"""More findings than that are not one mishap: such a journal is kept as it is, and a new one is begun."""

_MARK_DIGITS = 32


def mark_of(damage: Damage) -> str:
    """What a declaration holds of a finding: its code, its place and its facts, whatever the words are."""
    facts = (f"{name}={fact}" for name, fact in sorted(damage.facts.items()))
    return _mark("\n".join(("code", damage.code, damage.run, f"{damage.seq}", *facts)).encode())


def marks_of(damage: Damage) -> set[str]:
    """Every mark that declares it: its own, and those of earlier releases, which went by the words."""
    words = (damage.what, *earlier_words(damage))
    return {mark_of(damage), *(_mark(f"{damage.run}\n{damage.seq}\n{each}".encode()) for each in words)}


def mark_of_note(note: Note) -> str:
    """What a declaration holds of a checkpoint that does not fit the journal any more."""
    return _mark(note.body)


def misfits(notes: Iterable[Note], links: Mapping[int, str]) -> list[Note]:
    """The checkpoints that tell of rows which the spine does not have, or has otherwise; `links` are the spine's, by row."""
    return [note for note in notes if links.get(note.gseq) != note.link]


def marks(damages: Iterable[Damage], lost: Iterable[Note]) -> list[str]:
    """The marks of all findings and of the checkpoints that do not fit, sorted."""
    return sorted({*map(mark_of, damages), *map(mark_of_note, lost)})


def undeclared(damages: Iterable[Damage], known: frozenset[str]) -> tuple[Damage, ...]:
    """The findings that nobody has declared."""
    return tuple(each for each in damages if marks_of(each).isdisjoint(known))


def _mark(content: bytes) -> str:
    return sha256(content).hexdigest()[:_MARK_DIGITS]
