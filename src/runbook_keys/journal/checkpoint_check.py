"""Do the checkpoints fit the spine, each other and their keys? Every finding names its checkpoint by number."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.errors import JournalDamaged
from runbook_keys.journal.chain import GENESIS
from runbook_keys.journal.checkpoint import Note, digest_of, origin_of, read_note
from runbook_keys.journal.damages import damage, digest_of_bytes
from runbook_keys.journal.declared import mark_of_note, undeclared
from runbook_keys.model.entry import Checkpoint, Damage, SpineRow
from runbook_keys.ports import Signer

Verifier = Callable[[str, bytes, bytes], bool | None]
"""(key id, content, signature) → is it good; None where no key of this id is known."""

ReadCheckpoint = tuple[Checkpoint, Note | None]
"""A checkpoint and what it says; None where it can't be read."""


def verifier_of(signer: Signer, public_keys: Mapping[str, bytes]) -> Verifier:
    """Tries the keys whose name begins with the id that a signature names."""

    def verified(key_id: str, content: bytes, value: bytes) -> bool | None:
        found = [pem for name, pem in public_keys.items() if name.startswith(key_id)]
        return any(signer.is_signed(pem, content, value) for pem in found) if found else None

    return verified


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


class Keeper(Struct, frozen=True):
    """Who kept notes: `place` in words, and how the codes of what they show begin.

    `is_anybody`: a note of another journal may have been taken by mistake.
    """

    place: str
    kinds: str
    is_anybody: bool


ELSEWHERE = Keeper("elsewhere", "kept", is_anybody=True)
BESIDE_THE_KEY = Keeper("beside the signing key", "remembered", is_anybody=False)


class Places(Struct, frozen=True):
    """What checkpoints are held against: the spine's first row, its highest number, and the links of some of its rows."""

    first: SpineRow | None
    last: int
    links: Mapping[int, str]


def places_of(spine: Sequence[SpineRow]) -> Places:
    """All of a spine that is at hand."""
    links = {row.gseq: row.spine_link for row in spine}
    return Places(spine[0] if spine else None, max(links, default=0), links)


def read_all(checkpoints: Iterable[Checkpoint]) -> list[ReadCheckpoint]:
    """Each with what it says."""
    return [(each, _readable(each)) for each in checkpoints]


def check_checkpoints(
    checkpoints: Sequence[Checkpoint], spine: Sequence[SpineRow], verifier: Verifier, *, is_part: bool = False
) -> Signed:
    """Hold the checkpoints against the spine, against each other, and against the keys that `verifier` knows.

    `is_part`: these are some of a journal's, one after the other, and the first may follow others.
    """
    given, places = read_all(checkpoints), places_of(spine)
    survey = Survey(verifier)
    survey.add(given)
    check = CheckpointCheck(survey, places.last, checkpoints[0].no if is_part and checkpoints else 1)
    check.add(given, places.links)
    return check.result()


def check_kept(
    notes: Iterable[Note],
    places: Places,
    verifier: Verifier,
    known: frozenset[str] = frozenset(),
    keeper: Keeper = ELSEWHERE,
) -> Signed:
    """Hold notes that were kept outside of the journal against the spine: they show what the journal alone can't.

    A journal that was cut, restored from an old copy, or rewritten, by somebody who holds the key or with another one.
    `known` are marks of what the journal itself declares.
    """
    notes = [note for note in notes if mark_of_note(note) not in known]
    # A journal that is empty has no name yet, so all that was kept counts as its own.
    foreign = [note for note in notes if places.first and note.origin != origin_of(places.first)]
    damages = [
        replace(
            damage(f"{keeper.kinds}-foreign", checkpoint=note.no, origin=note.origin),
            is_foreign=keeper.is_anybody,
        )
        for note in foreign
    ]
    fit = _Fit(places.last, {note.gseq for note in notes}, keeper.kinds)
    for note in notes:
        if note not in foreign:
            fit.add(note, places.links.get(note.gseq))
    damages += fit.damages
    states = [(note, _state(note, verifier)) for note in notes]
    damages += [
        damage(f"{keeper.kinds}-signature", checkpoint=note.no, note=digest_of_bytes(note.body))
        for note, state in states
        if state == "wrong"
    ]
    notices = [
        f"Checkpoint {note.no}, kept {keeper.place}, has no signature that this machine can check."
        for note, state in states
        if state in ("unknown", "unsigned")
    ]
    return Signed(tuple(damages), tuple(notices), 0, 0)


class Survey:
    """A first look at all checkpoints: what a later one may say of an earlier one.

    `known` are the marks of declared damage and `declaring` the numbers of the checkpoints that declare it; `shared` are
    rows that more than one tells of; `covered` are the rows that they stand on by the journal's own word.
    """

    def __init__(self, verifier: Verifier) -> None:
        self.verifier = verifier
        self.known: frozenset[str] = frozenset()
        self.declaring: set[int] = set()
        self.shared: set[int] = set()
        self.covered = array("q")
        self._highest = -1

    def add(self, given: Iterable[ReadCheckpoint]) -> None:
        """Take the next ones, in their order."""
        for each, note in given:
            self.covered.append(each.gseq)
            if note is None:
                continue
            if note.gseq <= self._highest:
                self.shared.add(note.gseq)
            self._highest = max(self._highest, note.gseq)
            if note.known and _state(note, self.verifier) == "good":
                self.known |= note.known
                self.declaring.add(each.no)


class CheckpointCheck:
    """The second look: each checkpoint against the one before, against its row of the spine, and against its key."""

    def __init__(self, survey: Survey, last: int, first: int = 1) -> None:
        self._survey = survey
        self._order = _Order(first, survey.declaring)
        self._fit = _Fit(last, survey.shared)
        self._signatures = _Signatures()
        self._unreadable: list[Damage] = []
        self._declared: list[str] = []

    def add(self, given: Iterable[ReadCheckpoint], links: Mapping[int, str]) -> None:
        """Take the next ones in their order, with the links of the rows that they tell of."""
        for each, note in given:
            self._order.add(each, note)
            if note is None:
                self._unreadable.append(
                    damage("checkpoint-unreadable", checkpoint=each.no, note=digest_of_bytes(each.note))
                )
                continue
            if mark_of_note(note) not in self._survey.known:
                self._fit.add(note, links.get(note.gseq))
            self._signatures.add(each.no, note, _state(note, self._survey.verifier))
            if each.no in self._survey.declaring:
                self._declared.append(f"Damage was declared at checkpoint {each.no} ({note.at}): {note.why}")

    def result(self) -> Signed:
        """What all of them show."""
        found = self._signatures
        damages = (*self._unreadable, *self._order.damages, *self._fit.damages, *found.damages)
        last, known = found.last_good, self._survey.known
        return Signed(
            undeclared(damages, known),
            (*found.notices(), *self._declared),
            last.gseq if last else 0,
            last.no if last else 0,
            known,
        )


def _readable(checkpoint: Checkpoint) -> Note | None:
    with suppress(JournalDamaged):
        return read_note(checkpoint.note)
    return None


class _Order:
    """`declaring` may leave numbers out, which lost checkpoints had, and may cover fewer rows than those."""

    def __init__(self, first: int, declaring: Collection[int]) -> None:
        self.damages: list[Damage] = []
        self._declaring = declaring
        self._expected, self._rows = first, 0
        self._previous: Checkpoint | None = None

    def add(self, each: Checkpoint, note: Note | None) -> None:
        if each.no in self._declaring:
            self._expected, self._rows = each.no, 0
        if each.no > self._expected:
            self.damages.append(damage("checkpoints-missing", first=self._expected, last=each.no - 1))
        if note is not None:
            self.damages += self._misfits(each, note)
            self._rows = max(self._rows, note.gseq)
        self._previous, self._expected = each, each.no + 1

    def _misfits(self, each: Checkpoint, note: Note) -> Iterator[Damage]:
        if (note.no, note.gseq) != (each.no, each.gseq):
            yield damage("checkpoint-misnumbered", checkpoint=each.no, other=note.no, row=note.gseq)
        follows = digest_of(self._previous) if each.no == self._expected and self._previous else None
        if note.before != (GENESIS if each.no == 1 else follows or note.before):
            yield damage("checkpoint-replaced", checkpoint=each.no, note=digest_of_bytes(each.note))
        if note.gseq < self._rows:
            yield damage("checkpoint-goes-back", checkpoint=each.no, row=note.gseq, before=self._rows)


class _Fit:
    """Notes against the rows that they tell of, and against each other: `shared` are rows that several may tell of."""

    def __init__(self, last: int, shared: Collection[int], whose: str = "spine") -> None:
        self.damages: list[Damage] = []
        self._last, self._shared, self._whose = last, shared, whose
        self._told: dict[int, Note] = {}
        self._fitting = 0
        self._is_rewritten = False

    def add(self, note: Note, link: str | None) -> None:
        other = self._told.setdefault(note.gseq, note) if note.gseq in self._shared else note
        if other.link != note.link:
            self._tell("forked", note, other=other.no)
        elif link == note.link:
            self._fitting = max(self._fitting, note.gseq)
        elif note.gseq > self._last:
            self._tell("cut", note, last=self._last)
        elif not self._is_rewritten:  # what follows a rewritten row can't fit either
            self._is_rewritten = True
            self._tell("rewritten", note, after=self._fitting)

    def _tell(self, what: str, note: Note, **facts: int) -> None:
        told = damage(
            f"{self._whose}-{what}", checkpoint=note.no, row=note.gseq, link=note.link[:16], **facts
        )
        self.damages.append(told)


class _Signatures:
    """Which checkpoints are not signed, or by whom, in stretches; and where the key changed."""

    def __init__(self) -> None:
        self.damages: list[Damage] = []
        self.last_good: Note | None = None
        self._stretches: dict[str, list[tuple[Note, int, Note, int]]] = {"unsigned": [], "unknown": []}
        self._changed: list[str] = []
        self._announced = ""

    def add(self, no: int, note: Note, state: str) -> None:
        if state == "wrong":
            note_digest = digest_of_bytes(note.body)
            self.damages.append(damage("checkpoint-signature", checkpoint=no, note=note_digest))
        elif state == "good":
            self._of_key(no, note)
            self.last_good = note
        else:
            self._lengthen(self._stretches[state], no, note)

    def notices(self) -> Iterator[str]:
        """Unsigned ones first, then those by unknown keys, then changes of keys."""
        for first, first_no, last, last_no in self._stretches["unsigned"]:
            several = f"rows {first.gseq} to {last.gseq}"
            rows = several if first_no != last_no else f"row {first.gseq}"
            yield f"{_range(first_no, last_no)} not signed ({rows}): {first.unsigned}"
        for first, first_no, _, last_no in self._stretches["unknown"]:
            key = first.signatures[0][0]
            yield f"{_range(first_no, last_no)} signed by a key that is not known here ({key})."
        yield from self._changed

    def _lengthen(self, found: list[tuple[Note, int, Note, int]], no: int, note: Note) -> None:
        first, first_no = note, no
        if found and found[-1][3] + 1 == no:
            first, first_no, _, _ = found.pop()
        found.append((first, first_no, note, no))

    def _of_key(self, no: int, note: Note) -> None:
        """A change of keys that the key before did not announce: honest after a loss, and what a forger would do."""
        key = self.last_good.signatures[0][0] if self.last_good else ""
        signer = note.signatures[0][0]
        if key and signer != key and not self._announced.startswith(signer):
            self._changed.append(
                f"From checkpoint {no} on another key signs ({signer}). The key before ({key}) did not announce it."
            )
        self._announced = note.next_key or self._announced


def _state(note: Note, verifier: Verifier) -> str:
    """`good`, `wrong`, `unknown` (no key of its id) or `unsigned`."""
    if not note.signatures:
        return "unsigned" if note.unsigned else "wrong"
    results = [verifier(key, note.body, value) for key, value in note.signatures]
    if False in results:
        return "wrong"
    return "good" if True in results else "unknown"


def _range(first: int, last: int) -> str:
    return f"Checkpoint {first} is" if first == last else f"Checkpoints {first} to {last} are"
