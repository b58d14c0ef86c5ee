"""Does the journal still fit what was kept of it elsewhere: copies of its checkpoints, and time-stamps of them?

A time-stamp says that a checkpoint was there *by* then. Each checkpoint holds the digest of the one before, so it says so
of all earlier ones too. That times differ is never damage: a clock may have been wrong and a network away for a week. It
is said, because until then the holder of the key could have written the checkpoint anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec import Struct

from runbook_keys.errors import JournalDamaged
from runbook_keys.journal.checkpoint import Note, read_note
from runbook_keys.journal.checkpoint_check import Places, Verifier, check_kept
from runbook_keys.journal.damages import WHOLE, damage, digest_of_bytes, stretches
from runbook_keys.journal.lines import instant
from runbook_keys.model.entry import Checkpoint, Damage
from runbook_keys.ports import TimeStamp

LATE = timedelta(days=1)
"""A time-stamp that differs by more from the time that its checkpoint names is told."""


class Lag(Struct, frozen=True):
    """So many entries, since the checkpoint of this time (RFC 3339; empty where there is none), are not kept elsewhere."""

    entries: int
    since: str


class Held(Struct, frozen=True):
    """What came of holding the journal against something kept elsewhere.

    `fits` says what was found as it must be, `lags` what is not there yet or could not be looked at.
    """

    damages: tuple[Damage, ...] = ()
    notices: tuple[str, ...] = ()
    fits: tuple[str, ...] = ()
    lags: tuple[str, ...] = ()


def joined(parts: Iterable[Held]) -> Held:
    """All of them as one."""
    parts = list(parts)
    return Held(
        tuple(each for part in parts for each in part.damages),
        tuple(each for part in parts for each in part.notices),
        tuple(each for part in parts for each in part.fits),
        tuple(each for part in parts for each in part.lags),
    )


def lag_of(numbers: Collection[int], checkpoints: Sequence[Checkpoint], entries: int) -> Lag:
    """How far an anchor that keeps the checkpoints of these numbers is behind a journal of so many entries."""
    last = max((each.no for each in checkpoints if each.no in numbers), default=0)
    covered = next((each.gseq for each in checkpoints if each.no == last), 0)
    after = next((each for each in checkpoints if each.no > last), None)
    return Lag(max(entries - covered, 0), _time_of(after))


def check_copies(
    copies: Mapping[int, bytes],
    checkpoints: Sequence[Checkpoint],
    places: Places,
    verifier: Verifier,
    place: str,
    known: frozenset[str],
) -> Held:
    """Hold the copies in `place`, by number, against the journal. One that is equal says nothing new.

    `places` has the rows that the other copies tell of. `known` are marks of checkpoints that the journal declares as lost.
    """
    own = {each.no: each.note for each in checkpoints}
    other = other_copies(copies, checkpoints)
    cut = [no for no, content in other.items() if no in own and own[no].startswith(content)]
    gone = [no for no in other if no not in own]
    changed = [no for no in other if no in own and no not in cut]
    kept = check_kept(readable(other[no] for no in (*changed, *gone)), places, verifier, known)
    damages = (
        *_each("copy-differs", changed, place),
        *_each("copy-only", gone, place),
        *kept.damages,
    )
    holes = sorted({no for no in own if no < max(copies, default=0)} - copies.keys())
    notices = (
        *(f"{_range(*each)} missing from {place}: removed there, or never copied." for each in stretches(holes)),
        *(f"{_range(*each)} cut short in {place}. Remove what is there; `keys anchor` copies again."
          for each in stretches(cut)),
        *kept.notices,
    )  # fmt: skip
    equal = max((no for no in copies if no in own and no not in other), default=0)
    fits = (f"{place} keeps checkpoints up to {equal}.",) if equal else ()
    return Held(damages, notices, fits)


def other_copies(copies: Mapping[int, bytes], checkpoints: Sequence[Checkpoint]) -> dict[int, bytes]:
    """The copies, by number, that are not equal to the journal's checkpoint of that number."""
    own = {each.no: each.note for each in checkpoints}
    return {no: content for no, content in sorted(copies.items()) if own.get(no) != content}


def check_stamps(
    stamps: Mapping[int, TimeStamp | None],
    checkpoints: Sequence[Checkpoint],
    written: Mapping[int, datetime],
) -> Held:
    """Hold time-stamps, by the number of their checkpoint, against the journal. None is what is no time-stamp.

    `written` is when the first entry was written that each checkpoint adds, as the entry says.
    """
    own = {each.no: each for each in checkpoints}
    damages = [each for no, stamp in stamps.items() if (each := _fault(no, stamp, own))]
    found = {no: stamp for no, stamp in stamps.items() if stamp is not None}
    good = {no: stamp.at for no, stamp in found.items() if stamp.is_of_note and not stamp.fault and no in own}
    notices = [
        f"Who signed the time-stamps was not looked at: {why}"
        for why in dict.fromkeys(stamp.unchecked for stamp in found.values() if stamp.unchecked)
    ]
    last = max((no for no in good if not found[no].unchecked), default=0)
    fits = (
        (f"Checkpoint {last}, and so all before it, was there by {instant(good[last])} (time-stamp).",)
        if last
        else ()
    )
    return Held(tuple(damages), (*notices, *_late(good, checkpoints, written), *_early(good, own)), fits)


def _fault(no: int, stamp: TimeStamp | None, own: Mapping[int, Checkpoint]) -> Damage | None:
    if stamp is None:
        return damage("stamp-unreadable", checkpoint=no)
    if stamp.fault:
        return damage(
            "stamp-not-trusted", "", WHOLE, {"why": stamp.fault}, checkpoint=no, at=instant(stamp.at)
        )
    if no not in own:
        return damage("stamp-only", checkpoint=no, at=instant(stamp.at))
    if not stamp.is_of_note:
        note = digest_of_bytes(own[no].note)
        return damage("stamp-of-another-text", checkpoint=no, at=instant(stamp.at), note=note)
    return None


def first_rows(checkpoints: Sequence[Checkpoint]) -> dict[int, int]:
    """By checkpoint, the first row of the spine that it adds to what the one before covers."""
    before = [0, *(each.gseq for each in checkpoints)]
    return {each.no: row + 1 for each, row in zip(checkpoints, before, strict=False)}


def _late(
    good: Mapping[int, datetime], checkpoints: Sequence[Checkpoint], written: Mapping[int, datetime]
) -> Iterator[str]:
    """Stretches of checkpoints that no time-stamp covers within a day of what they name, and of what they hold."""
    covered: dict[int, datetime] = {}
    since: dict[int, datetime] = {}
    earliest: datetime | None = None
    for each in reversed(checkpoints):
        stamped = good.get(each.no)
        earliest = min(filter(None, (stamped, earliest)), default=None)
        at = min(filter(None, (_read_time(each), written.get(each.no))), default=None)
        if earliest is not None and at is not None and earliest - at > LATE:
            covered[each.no], since[each.no] = earliest, at
    for first, last in stretches(sorted(covered)):
        yield (
            f"{_range(first, last)} over entries of {instant(since[first])} on, and time-stamped only by "
            f"{instant(covered[last])}. Until then, who holds the key could have written anew."
        )


def _early(good: Mapping[int, datetime], own: Mapping[int, Checkpoint]) -> Iterator[str]:
    for no, at in good.items():
        named = _read_time(own[no])
        if named is not None and named - at > LATE:
            yield (
                f"Checkpoint {no} names {instant(named)}, and was time-stamped at {instant(at)}: this machine's clock "
                "was wrong."
            )


def _each(code: str, numbers: Sequence[int], place: str) -> Iterator[Damage]:
    for first, last in stretches(numbers):
        yield damage(code, "", WHOLE, {"place": place}, first=first, last=last)


def _range(first: int, last: int) -> str:
    return f"Checkpoint {first} is" if first == last else f"Checkpoints {first} to {last} are"


def readable(contents: Iterable[bytes]) -> list[Note]:
    """The checkpoints among them that can be read."""
    found = []
    for content in contents:
        with suppress(JournalDamaged):
            found.append(read_note(content))
    return found


def _read_time(checkpoint: Checkpoint) -> datetime | None:
    with suppress(ValueError):
        at = datetime.fromisoformat(_time_of(checkpoint))
        return at if at.tzinfo else None
    return None


def _time_of(checkpoint: Checkpoint | None) -> str:
    """The time that it names; empty where it can't be read."""
    with suppress(JournalDamaged):
        return read_note(checkpoint.note).at if checkpoint else ""
    return ""
