"""Is a run whole in itself? Every finding names its entry and says what it means.

What one run can't show is that it was cut off at its end: the spine shows that (journal/whole.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from runbook_keys.errors import JournalDamaged
from runbook_keys.journal.chain import GENESIS, link
from runbook_keys.journal.conduct import check_conduct
from runbook_keys.journal.damages import damage, digest_of_bytes, missing
from runbook_keys.journal.lines import decode_checked
from runbook_keys.model.entry import Damage, Entry, StoredEntry
from runbook_keys.model.event import AnyEvent


def verify_run(stored: Sequence[StoredEntry]) -> list[Damage]:
    """What is wrong with one run, in the order of its entries; nothing if it is whole in itself."""
    return read_run(stored)[0]


def read_run(stored: Sequence[StoredEntry]) -> tuple[list[Damage], list[tuple[int, AnyEvent]]]:
    """What `verify_run` finds, and the events that can be read, each with its sequence number."""
    found = check_chain(stored)
    events: list[tuple[int, AnyEvent]] = []
    for entry in stored:
        try:
            decoded, is_canonical = decode_checked(entry.line)
        except JournalDamaged as error:
            found.append(_of_line("entry-unreadable", entry, {"why": str(error)}))
            continue
        events.append((entry.seq, decoded.event))
        if not is_canonical or decoded.seq != entry.seq or decoded.run != entry.run:
            found += _misfits(entry, decoded, is_canonical)
    if stored and not found:  # what follows from missing or changed entries would only mislead
        found = check_conduct(stored[0].run, events)
    return sorted(found, key=lambda one: one.seq), events


def check_chain(stored: Iterable[StoredEntry]) -> list[Damage]:
    """What is wrong with the numbers and links of one run; its lines are not read."""
    found = []
    previous, expected = GENESIS, 1
    for entry in stored:
        if entry.seq > expected:
            found.append(missing(entry.run, expected, entry.seq - 1))
        elif entry.seq < expected:
            found.append(damage("entry-out-of-order", entry.run, entry.seq, after=expected - 1))
        elif link(previous, entry.line) != entry.link:
            found.append(_of_line("entry-changed", entry))
        previous, expected = entry.link, entry.seq + 1
    return found


def _misfits(stored: StoredEntry, decoded: Entry, is_canonical: bool) -> list[Damage]:
    found = []
    if decoded.run != stored.run:
        found.append(damage("entry-of-another-run", stored.run, stored.seq, other=decoded.run))
    if decoded.seq != stored.seq:
        found.append(damage("entry-misnumbered", stored.run, stored.seq, other=decoded.seq))
    if not is_canonical:
        found.append(_of_line("entry-misspelled", stored))
    return found


def _of_line(code: str, stored: StoredEntry, words: Mapping[str, str] = {}) -> Damage:
    """A finding about this very line: another change at the same place is another finding."""
    return damage(code, stored.run, stored.seq, words, line=digest_of_bytes(stored.line))
