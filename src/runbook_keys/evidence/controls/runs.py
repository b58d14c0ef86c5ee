"""What the queries of a control report look at: the runs of a period, and the journal as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from runbook_keys.evidence.retention import RetentionFacts
from runbook_keys.evidence.summary import RunSummary
from runbook_keys.model import event as e
from runbook_keys.model.entry import Entry


class RunFacts(Struct, frozen=True):
    """One run of the population. `summary` is None and `entries` are empty where it can't be read; `fault` says why.

    `fault` is also set where a run can be read but does not verify.
    """

    run_no: int
    run: str
    entries: Sequence[Entry] = ()
    summary: RunSummary | None = None
    fault: str = ""

    @property
    def opened(self) -> e.RunOpened | None:
        """How it was opened."""
        first = self.entries[0].event if self.entries else None
        return first if isinstance(first, e.RunOpened) else None

    @property
    def kind(self) -> e.RunKind | None:
        """Incident, drill or training; None where it can't be read."""
        return self.opened.kind if self.opened else None


class JournalFacts(Struct, frozen=True):
    """The runs of the period by number, and the whole journal: its runs, entries, how many are signed, its first moment.

    `missing` are run numbers between the first and the last of the period of which the journal has no run;
    `others` are numbers in between whose runs opened outside of the period. `anchored` says, a sentence each, what fits that
    is kept elsewhere, and what is not there yet; `notices` are no damage, but an examiner should know: stretches that are not
    signed, keys that nobody knows here. `erasures` are those that happened in the period, in whichever run.
    """

    runs: Sequence[RunFacts]
    all_runs: int
    all_entries: int
    signed_entries: int
    is_whole: bool
    first_at: datetime | None = None
    missing: Sequence[int] = ()
    others: Sequence[int] = ()
    anchored: Sequence[str] = ()
    notices: Sequence[str] = ()
    retention: RetentionFacts = RetentionFacts()
    erasures: Sequence[Citation] = ()

    def of_kind(self, *kinds: e.RunKind) -> Iterator[RunFacts]:
        """The runs of these kinds."""
        return (run for run in self.runs if run.kind in kinds)


class Citation(Struct, frozen=True):
    """Where something was found: the run's number and name (0 and empty: the journal), the entry (0: the run), in words.

    `attempt` is the one that it speaks of, as `A1 work 2`; empty where it speaks of the run.
    """

    run_no: int
    run: str
    seq: int
    at: datetime | None
    actor: str
    words: str
    attempt: str = ""
