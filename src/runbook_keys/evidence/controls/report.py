"""Controls as data: what an auditor asks, the fields that answer it, and the query that finds them in a journal.

The texts are our own words; of the frameworks only the ids are used. A field without a query is one that KEYS does not
record: the report says so, and the control can't be strong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum

import msgspec
from msgspec import Struct

from runbook_keys.evidence.controls.runs import Citation, JournalFacts, RunFacts
from runbook_keys.model.entry import Damage
from runbook_keys.model.event import RunKind

Query = Callable[[JournalFacts], Sequence[Citation]]
Answers = Mapping[str, tuple[Citation, ...]]
"""What each query found, by its name."""


class Field(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that answers a control: its name, which query finds it (empty: none does), and what it is.

    `of_every_run`: each incident should have it, so that some without it are a gap; `of_every` names the query whose findings
    should all have it, such as an outcome for each attempt that changed something. `if_any`: it is on record where it happens, so that none
    at all is no gap.
    """

    name: str
    query: str
    of_every_run: bool
    words: str
    of_every: str = ""
    if_any: bool = False


class Control(Struct, frozen=True, forbid_unknown_fields=True):
    """One requirement by its id: a title and a question in our own words, and the fields that answer it."""

    id: str
    title: str
    asks: str
    fields: tuple[Field, ...]


class Catalogue(Struct, frozen=True, forbid_unknown_fields=True):
    """The controls of one framework that runs can give evidence for."""

    framework: str
    about: str
    controls: tuple[Control, ...]


class Strength(StrEnum):
    """How far the evidence of a period goes: all fields found wherever they should be, some, or none."""

    STRONG = "strong"
    PARTIAL = "partial"
    NONE = "none"


class FieldFound(Struct, frozen=True):
    """A field, and where it was found. `missing` are the numbers of the runs that should have it and do not."""

    field: Field
    citations: tuple[Citation, ...]
    missing: tuple[int, ...] = ()

    @property
    def is_recorded(self) -> bool:
        """Whether KEYS records such a thing at all."""
        return bool(self.field.query)

    @property
    def is_full(self) -> bool:
        """Found, and in every run that should have it; or of a kind that did not happen."""
        return (bool(self.citations) or self.field.if_any) and not self.missing


class ControlFound(Struct, frozen=True):
    """A control with what the period holds for it."""

    control: Control
    fields: tuple[FieldFound, ...]
    is_whole: bool

    @property
    def strength(self) -> Strength:
        """Strong only where every field was found and the journal verifies."""
        if not any(each.citations for each in self.fields):
            return Strength.NONE
        is_full = all(each.is_full for each in self.fields)
        return Strength.STRONG if is_full and self.is_whole else Strength.PARTIAL


class ControlReport(Struct, frozen=True):
    """A report over a period (both days belong to it): every control, every run, everything that is not as it should be.

    `damages` are those of the whole journal, wherever they lie.
    """

    catalogue: Catalogue
    from_day: date
    to_day: date
    today: date
    controls: tuple[ControlFound, ...]
    journal: JournalFacts
    damages: tuple[Damage, ...]

    @property
    def runs(self) -> Sequence[RunFacts]:
        """The population: every run of the period."""
        return self.journal.runs


def read_catalogue(content: bytes) -> Catalogue:
    """The controls of a JSON file. Raises msgspec's errors where it has another shape: the files are part of the product."""
    return msgspec.json.decode(content, type=Catalogue)


def control_report(
    catalogue: Catalogue,
    journal: JournalFacts,
    queries: Mapping[str, Query],
    period: tuple[date, date],
    today: date,
    damages: Sequence[Damage],
) -> ControlReport:
    """Ask every query of every control over the journal's period."""
    answers = answers_of(journal, queries)
    return ControlReport(
        catalogue=catalogue,
        from_day=period[0],
        to_day=period[1],
        today=today,
        controls=found_in(catalogue, answers, journal),
        journal=journal,
        damages=tuple(damages),
    )


def answers_of(journal: JournalFacts, queries: Mapping[str, Query]) -> Answers:
    """Ask every query once."""
    return {name: tuple(query(journal)) for name, query in queries.items()}


def found_in(catalogue: Catalogue, answers: Answers, journal: JournalFacts) -> tuple[ControlFound, ...]:
    """Every control of a framework with what the answers hold for it."""
    incidents = [run.run_no for run in journal.of_kind(RunKind.INCIDENT)]
    return tuple(
        ControlFound(
            control, tuple(_field(each, answers, incidents) for each in control.fields), journal.is_whole
        )
        for control in catalogue.controls
    )


def _field(field: Field, answers: Answers, incidents: Sequence[int]) -> FieldFound:
    citations = answers[field.query] if field.query else ()
    cited = {(each.run_no, each.attempt) for each in citations} | {(each.run_no, "") for each in citations}
    due = {(run_no, "") for run_no in incidents} if field.of_every_run else set()
    if field.of_every:
        # What is said of a run holds for each of its attempts.
        of_run = {each.run_no for each in citations if not each.attempt}
        due |= {(each.run_no, each.attempt) for each in answers[field.of_every] if each.run_no not in of_run}
    return FieldFound(field, citations, tuple(sorted({run_no for run_no, _ in due - cited})))
