"""Do the checkpoints fit the spine, each other and their keys? Every finding names its checkpoint by number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.errors import JournalDamaged
from runbook_keys.journal.chain import GENESIS
from runbook_keys.journal.checkpoint import Note, digest_of, origin_of, read_note
from runbook_keys.journal.damages import WHOLE, damage, stretches
from runbook_keys.journal.declared import mark_of_note, undeclared
from runbook_keys.model.entry import Checkpoint, Damage, SpineRow

Verifier = Callable[[str, bytes, bytes], bool | None]
"""(key id, content, signature) → is it good; None where no key of this id is known."""


_FOREIGN = "is of another journal, or this one was rewritten from its first row on."


class Signed(Struct, frozen=True):
    """What the checkpoints show. `rows` of the spine are covered by a good signature; `last_no` is that checkpoint.

    `notices` are no damage, but somebody should know: unsigned stretches, keys that are not known here. `known` are the
    marks of damage that a good signature declares.
    """

    damages: tuple[Damage, ...]
    notices: tuple[str, ...]
    rows: int
    last_no: int
    known: frozenset[str] = frozenset()


def check_checkpoints(
    checkpoints: Sequence[Checkpoint], spine: Sequence[SpineRow], verifier: Verifier, *, is_part: bool = False
) -> Signed:
    """Hold the checkpoints against the spine, against each other, and against the keys that `verifier` knows.

    `is_part`: these are some of a journal's, one after the other, and the first may follow others.
    """
    notes, damages = _read(checkpoints)
    signatures = {no: _state(note, verifier) for no, note in notes.items()}
    declaring = {no: note for no, note in notes.items() if note.known and signatures[no] == "good"}
    known = frozenset(mark for note in declaring.values() for mark in note.known)
    first = checkpoints[0].no if is_part and checkpoints else 1
    damages += _check_order(checkpoints, notes, first, frozenset(declaring))
    damages += _check_spine([note for note in notes.values() if mark_of_note(note) not in known], spine)
    damages += [
        _of(no, "has a signature that its key did not make: it was changed, or signed by somebody else.")
        for no, state in signatures.items()
        if state == "wrong"
    ]
    good = [note for no, note in notes.items() if signatures[no] == "good"]
    notices = (
        *_unsigned(notes, signatures),
        *_unknown(notes, signatures),
        *_changed_keys(notes, signatures),
        *(
            f"Damage was declared at checkpoint {no} ({note.at}): {note.why}"
            for no, note in declaring.items()
        ),
    )
    last = good[-1] if good else None
    new = undeclared(damages, known)
    return Signed(new, notices, last.gseq if last else 0, last.no if last else 0, known)


def check_kept(
    notes: Iterable[Note], spine: Sequence[SpineRow], verifier: Verifier, known: frozenset[str] = frozenset()
) -> Signed:
    """Hold notes that were kept elsewhere against the spine: they show what the journal alone can't.

    A journal that was cut, restored from an old copy, or rewritten by somebody who holds the key. `known` are marks of
    what the journal itself declares.
    """
    notes = [note for note in notes if mark_of_note(note) not in known]
    # A journal that is empty has no name yet, so all that was kept counts as its own.
    foreign = [note for note in notes if spine and note.origin != origin_of(spine[0])]
    damages = [
        replace(_of(note.no, f"{_FOREIGN} It is of {note.origin}."), is_foreign=True) for note in foreign
    ]
    damages += _check_spine([note for note in notes if note not in foreign], spine, kept="kept elsewhere ")
    states = [(note, _state(note, verifier)) for note in notes]
    damages += [
        _of(note.no, "was kept elsewhere, and its signature is wrong.")
        for note, state in states
        if state == "wrong"
    ]
    notices = [
        f"Checkpoint {note.no}, kept elsewhere, has no signature that this machine can check."
        for note, state in states
        if state in ("unknown", "unsigned")
    ]
    return Signed(tuple(damages), tuple(notices), 0, 0)


def _read(checkpoints: Iterable[Checkpoint]) -> tuple[dict[int, Note], list[Damage]]:
    notes: dict[int, Note] = {}
    damages = []
    for each in checkpoints:
        try:
            notes[each.no] = read_note(each.note)
        except JournalDamaged:
            damages.append(_of(each.no, "can't be read: it was changed after it was written."))
    return notes, damages


def _check_order(
    checkpoints: Sequence[Checkpoint], notes: dict[int, Note], first: int, declaring: frozenset[int]
) -> Iterator[Damage]:
    """`declaring` may leave numbers out, which lost checkpoints had, and may cover fewer rows than those."""
    previous: Checkpoint | None = None
    expected, rows = first, 0
    for each in checkpoints:
        if each.no in declaring:
            expected, rows = each.no, 0
        if each.no > expected:
            gone = (
                f"Checkpoint {expected}"
                if each.no == expected + 1
                else f"Checkpoints {expected} to {each.no - 1}"
            )
            yield damage("", WHOLE, f"{gone}: missing.")
        note = notes.get(each.no)
        if note is not None:
            if (note.no, note.gseq) != (each.no, each.gseq):
                yield _of(each.no, f"calls itself number {note.no} over row {note.gseq}.")
            follows = digest_of(previous) if each.no == expected and previous else None
            if note.before != (GENESIS if each.no == 1 else follows or note.before):
                yield _of(each.no, "does not follow the one before it: one of the two was replaced.")
            if note.gseq < rows:
                yield _of(
                    each.no, f"covers {note.gseq} rows, an earlier one {rows}: an older copy was put back."
                )
            rows = max(rows, note.gseq)
        previous, expected = each, each.no + 1


def _check_spine(notes: Sequence[Note], spine: Sequence[SpineRow], kept: str = "") -> list[Damage]:
    links = {row.gseq: row.spine_link for row in spine}
    found: list[Damage] = []
    told: dict[int, Note] = {}
    fitting, last = 0, max(links, default=0)
    is_rewritten = False
    for note in notes:
        other = told.setdefault(note.gseq, note)
        if other.link != note.link:
            found.append(
                _of(
                    note.no,
                    f"{kept}and checkpoint {other.no} tell of row {note.gseq} differently: the journal was forked.",
                )
            )
        elif links.get(note.gseq) == note.link:
            fitting = max(fitting, note.gseq)
        elif note.gseq > last:
            found.append(
                _of(
                    note.no,
                    f"{kept}covers {note.gseq} rows, the spine ends at row {last}: the rest was cut off.",
                )
            )
        elif not is_rewritten:  # what follows a rewritten row can't fit either
            is_rewritten = True
            found.append(
                _of(
                    note.no,
                    f"{kept}does not fit row {note.gseq} of the spine: it was rewritten after row {fitting}.",
                )
            )
    return found


def _state(note: Note, verifier: Verifier) -> str:
    """`good`, `wrong`, `unknown` (no key of its id) or `unsigned`."""
    if not note.signatures:
        return "unsigned" if note.unsigned else "wrong"
    results = [verifier(key, note.body, value) for key, value in note.signatures]
    if False in results:
        return "wrong"
    return "good" if True in results else "unknown"


def _unsigned(notes: dict[int, Note], states: dict[int, str]) -> Iterator[str]:
    numbers = [no for no, state in states.items() if state == "unsigned"]
    for first, last in stretches(numbers):
        rows = (
            f"rows {notes[first].gseq} to {notes[last].gseq}" if first != last else f"row {notes[first].gseq}"
        )
        yield f"{_range(first, last)} not signed ({rows}): {notes[first].unsigned}"


def _unknown(notes: dict[int, Note], states: dict[int, str]) -> Iterator[str]:
    for first, last in stretches(no for no, state in states.items() if state == "unknown"):
        key = notes[first].signatures[0][0]
        yield f"{_range(first, last)} signed by a key that is not known here ({key})."


def _changed_keys(notes: dict[int, Note], states: dict[int, str]) -> Iterator[str]:
    """A change of keys that the key before did not announce: honest after a loss, and what a forger would do."""
    key, announced = "", ""
    for no, note in notes.items():
        if states[no] != "good":
            continue
        signer = note.signatures[0][0]
        if key and signer != key and not announced.startswith(signer):
            yield f"From checkpoint {no} on another key signs ({signer}). The key before ({key}) did not announce it."
        key, announced = signer, note.next_key or announced


def _range(first: int, last: int) -> str:
    return f"Checkpoint {first} is" if first == last else f"Checkpoints {first} to {last} are"


def _of(no: int, what: str) -> Damage:
    return damage("", WHOLE, f"Checkpoint {no} {what}")
