"""Is the whole journal there? Runs, spine and material held against each other.

What this can't see is a journal that was rewritten with all its links: journal/checkpoint_check.py holds the signed
checkpoints against it. docs/explanation/journal.md says plainly what remains.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from runbook_keys.journal.blobs import is_whole, references
from runbook_keys.journal.chain import GENESIS, link, spine_line
from runbook_keys.journal.checkpoint_due import DueCheckpoints
from runbook_keys.journal.damages import WHOLE, damage, missing, missing_runs, missing_spine_rows, stretches
from runbook_keys.journal.verify import read_run, verify_run
from runbook_keys.model.entry import Blob, Checkpoint, Damage, RunHead, SpineRow, StoredEntry, Strange
from runbook_keys.model.event import AnyEvent, MaterialErased


class Contents(Struct, frozen=True):
    """A journal as its store gives it: `entries` by run name, in order; `erased` are the digests of erased blobs.

    `strange` is what was found beside them.
    """

    heads: Sequence[RunHead]
    entries: Mapping[str, Sequence[StoredEntry]]
    spine: Sequence[SpineRow]
    blobs: Sequence[Blob]
    erased: Collection[str] = ()
    checkpoints: Sequence[Checkpoint] = ()
    strange: Strange = Strange()


def verify_journal(contents: Contents, tell: Callable[[int], None] = lambda _entries: None) -> list[Damage]:
    """What is wrong with the whole journal; nothing if every run, the spine and all material belong together.

    `tell` hears after each run how many entries it had.
    """
    found = [*check_spine(contents.spine), *_check_run_numbers(contents)]
    rows = _rows_by_run(contents.spine)
    material, due = _Material(contents), DueCheckpoints(contents.checkpoints)
    for head in contents.heads:
        stored = contents.entries.get(head.run, ())
        of_run, events = read_run(stored)
        of_run += _check_against_spine(head.run, stored, rows.get(head.run_no, []))
        of_run += material.check(head.run, events)
        if not of_run:  # what is missing or changed is told already
            of_run += due.check(head.run, stored, rows.get(head.run_no, []), events)
        found += sorted(of_run, key=lambda one: one.seq)
        tell(len(stored))
    found += [damage("", WHOLE, what) for what in contents.strange.things]
    return list(dict.fromkeys(found))


def verify_on_spine(run: str, stored: Sequence[StoredEntry], rows: Sequence[SpineRow]) -> list[Damage]:
    """What is wrong with one run in itself, and against its `rows` of the spine: they show that its end was cut off."""
    found = [*verify_run(stored), *_check_against_spine(run, stored, rows)]
    return sorted(found, key=lambda one: one.seq)


def check_spine(rows: Iterable[SpineRow]) -> list[Damage]:
    """What is wrong with the numbers and links of the spine."""
    found = []
    previous, expected = GENESIS, 1
    for row in rows:
        if row.gseq > expected:
            found.append(missing_spine_rows(expected, row.gseq - 1))
        elif row.gseq < expected:
            found.append(damage("", WHOLE, f"Row {row.gseq} of the spine stands after row {expected - 1}."))
        elif link(previous, spine_line(row.gseq, row.run_no, row.rseq, row.link)) != row.spine_link:
            found.append(damage("", WHOLE, f"Row {row.gseq} of the spine was changed after it was written."))
        previous, expected = row.spine_link, row.gseq + 1
    return found


def _check_run_numbers(contents: Contents) -> list[Damage]:
    """Runs that the spine tells of but that are gone, and numbers that nothing is known of at all."""
    kept = {head.run_no for head in contents.heads}
    told = Counter(row.run_no for row in contents.spine)
    found = [
        damage("", WHOLE, f"Run number {run_no} is missing. The spine tells of {told[run_no]} entries of it.")
        for run_no in sorted(told.keys() - kept)
    ]
    for before, after in pairwise([0, *sorted(kept | told.keys())]):
        if after - before > 1:
            found.append(missing_runs(before + 1, after - 1))
    return found


def _rows_by_run(spine: Iterable[SpineRow]) -> dict[int, list[SpineRow]]:
    rows: dict[int, list[SpineRow]] = {}
    for row in spine:
        rows.setdefault(row.run_no, []).append(row)
    return rows


def _check_against_spine(
    run: str, stored: Iterable[StoredEntry], rows: Iterable[SpineRow]
) -> Iterator[Damage]:
    """Every entry stands on the spine exactly once, with its own link, and the spine tells of nothing else."""
    links = {entry.seq: entry.link for entry in stored}
    told = {row.rseq: row.link for row in rows}
    for first, last in stretches(sorted(told.keys() - links.keys())):
        yield missing(run, first, last)
    for seq in sorted(links.keys() - told.keys()):
        yield damage(run, seq, "This entry is not on the spine: it was not written by KEYS.")
    for rseq, times in Counter(row.rseq for row in rows).items():
        if times > 1:
            yield damage(run, rseq, f"The spine tells of this entry {times} times.")
    others = (seq for seq in sorted(links.keys() & told.keys()) if links[seq] != told[seq])
    if (first_other := next(others, None)) is not None:
        yield damage(run, first_other, "From this entry on, the run is not the one that the spine tells of.")


class _Material:
    """The blobs of a journal: which are there, which of them were changed, which were erased."""

    def __init__(self, contents: Contents) -> None:
        self._kept = {blob.digest for blob in contents.blobs}
        self._changed = {blob.digest for blob in contents.blobs if not is_whole(blob)}
        self._erased = contents.erased

    def check(self, run: str, events: Sequence[tuple[int, AnyEvent]]) -> Iterator[Damage]:
        """What an entry speaks of must be there unchanged, or an entry says that it was erased, by whom and why."""
        told = {
            digest for _, event in events if isinstance(event, MaterialErased) for digest in event.digests
        }
        for seq, event in events:
            for digest in references(event):
                if what := self._of(digest, digest in told):
                    yield damage(run, seq, what)

    def _of(self, digest: str, is_told: bool) -> str:
        if digest in self._changed:
            return "The material of this entry was changed after it was written."
        if digest in self._kept:
            return (
                "An entry says that its material was erased; it is still here. Erase it again."
                if is_told
                else ""
            )
        if digest not in self._erased:
            return "The material of this entry is gone, and not recorded as erased."
        return "" if is_told else "The material of this entry was erased, and no entry says by whom."
