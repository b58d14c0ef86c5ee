"""Makes the checkpoints of a store, inside the transaction of the append that they belong to.

So a checkpoint costs a signature (0.03 ms) and no flush of its own in the journal, and there is no moment at which a run
has ended but its checkpoint is not there. After the commit it is remembered beside the key, with a flush. Who is killed in
between leaves an older one there, which is still true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from runbook_keys.errors import JournalDamaged, SigningUnavailable
from runbook_keys.journal.chain import SPINE_START
from runbook_keys.journal.checkpoint import (
    LONGEST,
    Note,
    body_of,
    is_signed,
    note_of,
    origin_of,
    read_note,
    why_due,
)
from runbook_keys.journal.checkpoint_check import Survey, read_all, verifier_of
from runbook_keys.journal.declared import mark_of_note
from runbook_keys.model.entry import Alarm, Checkpoint, Declaration, SpineRow
from runbook_keys.model.event import AnyEvent
from runbook_keys.ports import Signer


class Standing(NamedTuple):
    """How to ask what a journal holds now: the row of a number, if there is one, all checkpoints, the alarm."""

    row: Callable[[int], SpineRow | None]
    checkpoints: Callable[[], Iterable[Checkpoint]]
    alarm: Callable[[], Alarm | None]


_recent = lru_cache(maxsize=4)(read_note)
"""The newest note of the journal is as a rule the one that is remembered: it is read once."""

_NOT_OURS = "The journal's history is not the one that was signed here."
_SETTLE = "The run goes on, and nothing is signed until `keys verify` and `keys declare` have settled it."


class Notary:
    """Signs with `signer`. What can't be signed becomes a checkpoint that says why: an incident does not wait for a key."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._untold: list[str] = []
        self._told: set[str] = set()

    def notice(self) -> str:
        """What went wrong with checkpoints since this was last asked, in words; each thing is said once."""
        words, self._untold = " ".join(self._untold), []
        return words

    def due(
        self,
        journal: Standing,
        end: SpineRow,
        before: Checkpoint | None,
        at: datetime,
        events: Sequence[AnyEvent],
    ) -> Checkpoint | None:
        """The checkpoint that belongs to an append of `events` at `at`, after which the spine ends at `end`."""
        why = why_due(events, end.gseq - (before.gseq if before else 0), _passed(before, at))
        return self.make(journal, end, before, at, why) if why else None

    def make(
        self,
        journal: Standing,
        end: SpineRow,
        before: Checkpoint | None,
        at: datetime,
        why: str,
        next_key: str = "",
        declaration: Declaration | None = None,
    ) -> Checkpoint:
        """A checkpoint over the spine's `end`, signed if that is possible; it announces `next_key`, if there is one.

        Its number follows that of `before`, and those that a declaration says are lost. Over a history that is not the one
        that was signed here only a declaration is signed.
        """
        no = max(before.no if before else 0, declaration.after_no if declaration else 0) + 1
        origin = origin_of(journal.row(1) or SPINE_START)
        lines = {"next-key": next_key, "known": declaration.known if declaration else ""}

        def body(unsigned: str) -> bytes:
            return body_of(origin, end, no, before, at, why, {"unsigned": unsigned, **lines})

        return Checkpoint(no, end.gseq, self._sealed(body, "" if declaration else self._rewritten(journal)))

    def _sealed(self, body: Callable[[str], bytes], refusal: str) -> bytes:
        """The note: signed, or with the reason why it is not."""
        try:
            if refusal:
                raise SigningUnavailable(refusal)
            text = body("")
            signature = self._signer.sign(text)
        except SigningUnavailable as unavailable:
            self._tell(str(unavailable))
            return note_of(body(str(unavailable)))
        return note_of(text, signature.key, signature.value)

    def _rewritten(self, journal: Standing) -> str:
        """Why nothing is signed over what stands here: a signature of ours would make a forged history look like our own."""
        alarm = journal.alarm()
        what = self.contradicted(journal) or (alarm.what if alarm and alarm.is_rewritten else "")
        return f"{_NOT_OURS} {what} {_SETTLE}" if what else ""

    def remember(self, made: Checkpoint, journal: Standing) -> str:
        """Remember a committed checkpoint beside the key, if it is signed; what is wrong where the journal does not fit it.

        What was remembered before is evidence while it does not fit the journal. Where it can't be read or written, the
        older one stays: that is true as well, and nothing under way waits for it; `notice` tells of it.
        """
        try:
            before = self._remembered()
            if what := self._unfit(before, journal):
                return what
            if is_signed(made.note) and (before is None or before.no < made.no):
                self._signer.remember(made.note)
        except SigningUnavailable as unavailable:
            self._tell(
                f"The last signed checkpoint is not remembered beside the key. {unavailable} The run goes on."
            )
        return ""

    def contradicted(self, journal: Standing) -> str:
        """What is wrong where the journal does not fit the last checkpoint that was signed here; else empty.

        What can't be read stops nobody: `keys verify` tells of it.
        """
        try:
            return self._unfit(self._remembered(), journal)
        except SigningUnavailable:
            return ""

    def _tell(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self._untold.append(what)

    def _remembered(self) -> Note | None:
        content = self._signer.remembered()
        return _recent(content) if content else None

    def _unfit(self, note: Note | None, journal: Standing) -> str:
        row = journal.row(note.gseq) if note else None
        if note is None or (row and row.spine_link == note.link) or self._is_declared(note, journal):
            return ""
        return f"Checkpoint {note.no}, the last one that this machine signed, does not fit row {note.gseq} of the spine."

    def _is_declared(self, note: Note, journal: Standing) -> bool:
        """Whether a good signature says so. It is rare that anybody asks: a declaration is remembered itself."""
        try:
            survey = Survey(verifier_of(self._signer, self._signer.public_keys()))
            survey.add(read_all(journal.checkpoints()))
        except SigningUnavailable:
            return False
        return mark_of_note(note) in survey.known


def _passed(before: Checkpoint | None, at: datetime) -> timedelta:
    if before is None:
        return timedelta(0)
    try:
        return at - datetime.fromisoformat(_recent(before.note).at)
    except (JournalDamaged, ValueError):  # somebody has been at it; a run that is under way goes on
        return LONGEST


def misfit(before: Checkpoint | None, row: SpineRow | None) -> str:
    """What is wrong where the newest checkpoint does not tell of `row`, its row of the spine; empty where it does."""
    if before is None:
        return ""
    try:
        is_same = row is not None and read_note(before.note).link == row.spine_link
    except JournalDamaged:
        is_same = False
    return (
        "" if is_same else f"Its newest checkpoint ({before.no}) does not fit row {before.gseq} of the spine."
    )
