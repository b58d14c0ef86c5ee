"""What does not verify, in words that are safe to show: they may quote what somebody put into the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runbook_keys.model.entry import Damage

WHOLE = 0
"""The `seq` of a damage to a run or to the journal as a whole."""


def damage(run: str, seq: int, what: str) -> Damage:
    """One finding; what a terminal would obey is spelled out."""
    return Damage(printable(run), seq, printable(what))


def missing(run: str, first: int, last: int) -> Damage:
    """The finding that entries `first` to `last` of a run are not there."""
    return damage(run, first, f"{_numbers('Entry', 'Entries', first, last)} missing.")


def missing_runs(first: int, last: int) -> Damage:
    """The finding that nothing at all is known of some run numbers."""
    what = _numbers("Run number", "Run numbers", first, last)
    return damage("", WHOLE, f"{what} missing, and the spine does not tell of it.")


def missing_spine_rows(first: int, last: int) -> Damage:
    """The finding that rows of the spine are not there."""
    return damage("", WHOLE, f"{_numbers('Row', 'Rows', first, last)} missing from the spine.")


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


def _numbers(one: str, many: str, first: int, last: int) -> str:
    return f"{one} {first} is" if first == last else f"{many} {first} to {last} are"
