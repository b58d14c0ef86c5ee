"""Is the whole journal there? Runs, spine and material held against each other.

What this can't see is a journal that was rewritten with all its links: journal/checkpoint_check.py holds the signed
checkpoints against it. docs/explanation/journal.md says plainly what remains.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from runbook_keys.journal.blobs import Material, references
from runbook_keys.journal.chain import SPINE_START, link, spine_line
from runbook_keys.journal.checkpoint_due import DueCheckpoints
from runbook_keys.journal.damages import damage, digest_of_bytes, missing, stretches
from runbook_keys.journal.verify import read_run, verify_run
from runbook_keys.model.entry import Damage, RunHead, SpineRow, StoredEntry
from runbook_keys.model.event import MaterialErased


class SpineCheck:
    """Follows the spine from its first row to its last, and remembers where it stands and how much it tells of each run."""

    def __init__(self) -> None:
        self.damages: list[Damage] = []
        self.first: SpineRow | None = None
        self.end = SPINE_START
        self.rows = 0
        self.last = 0
        """The highest number of a row."""
        self.told: Counter[int] = Counter()
        """How many entries there are of each run, by its number."""

    def add(self, rows: Sequence[SpineRow]) -> None:
        """Take the next rows, at least one."""
        previous, expected = self.end.spine_link, self.end.gseq + 1
        for row in rows:
            if row.gseq > expected:
                self.damages.append(damage("rows-missing", first=expected, last=row.gseq - 1))
            elif row.gseq < expected:
                self.damages.append(damage("row-out-of-order", row=row.gseq, after=expected - 1))
            elif link(previous, spine_line(row.gseq, row.run_no, row.rseq, row.link)) != row.spine_link:
                told = spine_line(row.gseq, row.run_no, row.rseq, row.link) + row.spine_link.encode()
                self.damages.append(damage("row-changed", row=row.gseq, link=digest_of_bytes(told)))
            previous, expected = row.spine_link, row.gseq + 1
        self.first, self.end = self.first or rows[0], rows[-1]
        self.rows += len(rows)
        self.last = max(self.last, *(row.gseq for row in rows))
        self.told.update(row.run_no for row in rows)


class RunCheck:
    """One run, read; what became of its material must be looked up before it is judged."""

    def __init__(self, run: str, stored: Sequence[StoredEntry], rows: Sequence[SpineRow]) -> None:
        self._run, self._stored, self._rows = run, stored, rows
        self._found, self._events = read_run(stored)
        self._references = [(seq, digest) for seq, event in self._events for digest in references(event)]

    def digests(self) -> Iterator[str]:
        """The material that its entries speak of."""
        return (digest for _, digest in self._references)

    def damages(self, material: Mapping[str, Material], due: DueCheckpoints) -> list[Damage]:
        """What is wrong with it, in the order of its entries. `material` says what became of each of its digests."""
        found = [*self._found, *_check_against_spine(self._run, self._stored, self._rows)]
        found += self._check_material(material)
        if not found:  # what is missing or changed is told already
            found += due.check(self._run, self._stored, self._rows, self._events)
        return sorted(found, key=lambda one: one.seq)

    def _check_material(self, material: Mapping[str, Material]) -> Iterator[Damage]:
        """What an entry speaks of must be there unchanged, or an entry says that it was erased, by whom and why."""
        erasures = (event for _, event in self._events if isinstance(event, MaterialErased))
        told = {digest for event in erasures for digest in event.digests}
        found: dict[tuple[int, str], dict[str, None]] = {}
        for seq, digest in self._references:
            if code := _of_material(material[digest], digest in told):
                found.setdefault((seq, code), {})[digest[:16]] = None
        for (seq, code), digests in found.items():
            yield damage(code, self._run, seq, material=" ".join(digests))


def verify_on_spine(run: str, stored: Sequence[StoredEntry], rows: Sequence[SpineRow]) -> list[Damage]:
    """What is wrong with one run in itself, and against its `rows` of the spine: they show that its end was cut off."""
    found = [*verify_run(stored), *_check_against_spine(run, stored, rows)]
    return sorted(found, key=lambda one: one.seq)


def check_run_numbers(kept: Collection[int], told: Mapping[int, int]) -> list[Damage]:
    """Runs that are not kept though the spine tells of so many entries, and numbers that nothing is known of at all."""
    found = [
        damage("run-missing", number=run_no, entries=told[run_no]) for run_no in sorted(told.keys() - kept)
    ]
    for before, after in pairwise([0, *sorted(told.keys() | kept)]):
        if after - before > 1:
            found.append(damage("runs-missing", first=before + 1, last=after - 1))
    return found


def check_listing(
    heads: Iterable[RunHead], told: Collection[int], unlisted: Mapping[int, int]
) -> list[Damage]:
    """Runs that are a name and nothing else, and entries under a number without a name, where the spine tells of neither.

    `unlisted` says how many entries there are under such a number.
    """
    empty = [head for head in heads if not head.seq and head.run_no not in told]
    return [
        *(damage("run-empty", head.run, number=head.run_no) for head in empty),
        *(
            damage("entries-unlisted", number=number, entries=entries)
            for number, entries in sorted(unlisted.items())
            if number not in told
        ),
    ]


def _check_against_spine(
    run: str, stored: Iterable[StoredEntry], rows: Iterable[SpineRow]
) -> Iterator[Damage]:
    """Every entry stands on the spine exactly once, with its own link, and the spine tells of nothing else."""
    links = {entry.seq: entry.link for entry in stored}
    told = {row.rseq: row.link for row in rows}
    for first, last in stretches(sorted(told.keys() - links.keys())):
        yield missing(run, first, last)
    for seq in sorted(links.keys() - told.keys()):
        yield damage("entry-not-on-spine", run, seq, link=links[seq][:16])
    for rseq, times in Counter(row.rseq for row in rows).items():
        if times > 1:
            yield damage("entry-told-again", run, rseq, times=times)
    others = (seq for seq in sorted(links.keys() & told.keys()) if links[seq] != told[seq])
    if (first_other := next(others, None)) is not None:
        yield damage("run-rewritten", run, first_other, link=links[first_other][:16])


def _of_material(state: Material, is_told: bool) -> str:
    match state:
        case Material.CHANGED:
            return "material-changed"
        case Material.GONE:
            return "material-gone"
        case Material.WHOLE if is_told:
            return "material-not-erased"
        case Material.ERASED if not is_told:
            return "material-erased-silently"
        case _:
            return ""
