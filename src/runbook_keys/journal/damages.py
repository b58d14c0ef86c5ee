"""What does not verify, in words that are safe to show: they may quote what somebody put into the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from runbook_keys.journal.damage_kinds import KINDS
from runbook_keys.model.entry import Damage, Strange

WHOLE = 0
"""The `seq` of a damage to a run or to the journal as a whole."""

REWRITTEN = frozenset(
    (
        *(f"spine-{how}" for how in ("forked", "cut", "rewritten")),
        *(f"kept-{how}" for how in ("forked", "cut", "rewritten")),
        *(f"remembered-{how}" for how in ("foreign", "signature", "cut", "rewritten")),
        *("copy-differs", "copy-only", "run-missing", "runs-missing", "run-empty", "entries-unlisted"),
    )
)
"""Codes that say that the history is not the one that was signed: over it nothing more is signed until that is declared."""

_DIGEST_DIGITS = 16


def damage(
    code: str, run: str = "", seq: int = WHOLE, words: Mapping[str, str] = {}, /, **facts: int | str
) -> Damage:
    """One finding of this kind; what a terminal would obey is spelled out.

    `facts` say which one it is, so that another one is told from it. `words` are only shown: they may change with the next
    release or the next mount.
    """
    told = {name: _plain(fact) for name, fact in facts.items()}
    shown = {name: printable(text) for name, text in words.items()}
    what = _worded(KINDS[code].words, seq, {**told, **shown})
    return Damage(printable(run), seq, what, code, told)


def earlier_words(of: Damage) -> Iterator[str]:
    """How earlier releases said it."""
    for words in KINDS[of.code].earlier:
        yield _worded(words, of.seq, of.facts)


def digest_of_bytes(content: bytes) -> str:
    """A fact that tells one change of a line or note from the next."""
    return sha256(content).hexdigest()[:_DIGEST_DIGITS]


def missing(run: str, first: int, last: int) -> Damage:
    """The finding that entries `first` to `last` of a run are not there."""
    return damage("entries-missing", run, first, first=first, last=last)


def strange_things(strange: Strange) -> list[Damage]:
    """The findings about the place that a journal is kept in."""
    changed = [damage("file-changed", kind=kind, name=name) for kind, name in strange.changed]
    return [*changed, *(damage("file-incomplete", kind=kind, name=name) for kind, name in strange.gone)]


def stretches(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The (first, last) of each unbroken stretch of ascending numbers."""
    first = last = None
    for number in numbers:
        if first is None or last is None:
            first = number
        elif number != last + 1:
            yield first, last
            first = number
        last = number
    if first is not None and last is not None:
        yield first, last


def printable(text: str) -> str:
    """Text with everything beyond printable ASCII as escapes."""
    return text.encode("unicode_escape").decode("ascii")


def _plain(fact: int | str) -> int | str:
    return printable(fact) if isinstance(fact, str) else fact


class _Stretch:
    """Numbers in words: `Entry|Entries` as a format makes "Entry 3" or "Entries 3 to 5"."""

    def __init__(self, first: object, last: object) -> None:
        self._first, self._last = first, last

    def __format__(self, names: str) -> str:
        one, many = names.split("|")
        if self._first == self._last:
            return f"{one} {self._first}"
        return f"{many} {self._first} to {self._last}"


def _worded(words: str, seq: int, facts: Mapping[str, int | str]) -> str:
    first, last = facts.get("first"), facts.get("last")
    is_are = "is" if first == last else "are"
    return words.format(**{"seq": seq, **facts}, stretch=_Stretch(first, last), is_are=is_are)
