"""What one run is evidence for: the controls of all frameworks, asked of a population of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from runbook_keys.evidence.bundle.source import RunRecord
from runbook_keys.evidence.controls.exceptions import Exceptional, exceptions_of
from runbook_keys.evidence.controls.queries import QUERIES
from runbook_keys.evidence.controls.report import Catalogue, ControlFound, FieldFound, answers_of, found_in
from runbook_keys.evidence.controls.runs import JournalFacts, RunFacts
from runbook_keys.evidence.controls.tables import numbers
from runbook_keys.evidence.csv_table import table
from runbook_keys.evidence.summary import summary_of


class RunControls(Struct, frozen=True):
    """The controls that a run is evidence for, each with its framework's name, and what is out of order in the run."""

    found: tuple[tuple[str, ControlFound], ...]
    exceptions: tuple[Exceptional, ...]


def run_controls(record: RunRecord, catalogues: Sequence[Catalogue]) -> RunControls:
    """Asked of the record alone, as it stands at its last entry, so that the answer is always the same.

    The record was verified before, and a signed checkpoint covers all of it. What only a whole journal can answer, such as how
    far it goes back, is not asked.
    """
    count = len(record.entries)
    run = RunFacts(record.head.run_no, record.head.run, record.entries, summary_of(record.entries))
    journal = JournalFacts([run], all_runs=1, all_entries=count, signed_entries=count, is_whole=True)
    answers = answers_of(journal, QUERIES)
    found = tuple(
        (catalogue.framework, each)
        for catalogue in catalogues
        for each in found_in(catalogue, answers, journal)
        if _speaks_for(each)
    )
    return RunControls(found, tuple(exceptions_of(run, record.entries[-1].at)))


def _speaks_for(found: ControlFound) -> bool:
    """An entry of the run shows it, or the record as a whole shows all of it that can be shown."""
    recorded = [each for each in found.fields if each.is_recorded]
    is_told = any(cited.seq for each in recorded for cited in each.citations)
    return is_told or (bool(recorded) and all(each.citations for each in recorded))


def control_table(controls: RunControls) -> bytes:
    """One row per control as CSV."""
    head = (
        "framework",
        "control",
        "what it is about",
        "asked",
        "strength",
        "shown by this run",
        "entries",
        "not shown by this run",
        "exceptions in this run",
    )
    return table(head, _rows(controls))


def _rows(controls: RunControls) -> Iterator[tuple[object, ...]]:
    exceptions = exceptions_in_words(controls)
    for framework, found in controls.found:
        yield (
            framework,
            found.control.id,
            found.control.title,
            found.control.asks,
            found.strength,
            "; ".join(f"{each.field.name} ({_where(each)})" for each in found.fields if each.citations),
            entries_of(found),
            not_shown(found),
            exceptions,
        )


def _where(each: FieldFound) -> str:
    return numbers({cited.seq for cited in each.citations if cited.seq}) or "the whole record"


def entries_of(found: ControlFound) -> str:
    """The numbers of the entries that show it; `all` where it is shown by the record as a whole."""
    return numbers({cited.seq for each in found.fields for cited in each.citations if cited.seq}) or "all"


def not_shown(found: ControlFound) -> str:
    """The fields that are asked for and that this run does not hold, by name."""
    return "; ".join(each.field.name for each in found.fields if not each.is_full)


def exceptions_in_words(controls: RunControls) -> str:
    """`skipped (entry 7); unverified (entry 31)`."""
    return "; ".join(f"{kind} (entry {cited.seq})" for kind, cited in controls.exceptions)
