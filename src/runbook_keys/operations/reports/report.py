"""Make a control report: the catalogue of a framework, asked of all runs of a period. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from runbook_keys.errors import JournalDamaged, Refused
from runbook_keys.evidence.controls.exceptions import Exceptional, exceptions_of
from runbook_keys.evidence.controls.oscal import assessment_results
from runbook_keys.evidence.controls.page import control_page
from runbook_keys.evidence.controls.queries import QUERIES, erasures_of
from runbook_keys.evidence.controls.report import (
    Catalogue,
    ControlReport,
    Strength,
    control_report,
    read_catalogue,
)
from runbook_keys.evidence.controls.runs import Citation, JournalFacts, RunFacts
from runbook_keys.evidence.controls.tables import tables
from runbook_keys.evidence.printed_page import printed
from runbook_keys.evidence.retention import RetentionFacts
from runbook_keys.evidence.summary import summary_of
from runbook_keys.journal.lines import read
from runbook_keys.model.entry import Damage, RunHead
from runbook_keys.operations.record.retention import due
from runbook_keys.operations.record.verify import VerifyReport, verify
from runbook_keys.operations.services import Services

_CATALOGUES = Path(__file__).parents[2] / "evidence" / "controls" / "catalogues"
FRAMEWORKS = ("soc2", "pci-dss", "gdpr", "hipaa", "iso27001")


class ReportMade(Struct, frozen=True):
    """The files of a report by name, the runs in it, how many requirements have which strength, how many exceptions."""

    files: dict[str, bytes]
    runs: tuple[str, ...]
    strengths: dict[str, int]
    exceptions: int


class Form(StrEnum):
    """What a report is made as: a page with tables, for a browser or for paper, or one document for machines."""

    HTML = "html"
    PDF = "pdf"
    OSCAL = "oscal"


async def report(
    services: Services, framework: str, from_day: date, to_day: date, form: Form = Form.HTML
) -> ReportMade:
    """The report over the runs that opened from `from_day` to `to_day` (both included, UTC).

    Raises Refused; PrintingUnavailable where a PDF is wanted.
    """
    if from_day > to_day:
        raise Refused(f"The period ends ({to_day}) before it begins ({from_day}). Exchange the two days.")
    catalogue = catalogue_of(framework)
    verified = await verify(services)
    now = services.clock.now()
    journal = await _journal(services, (from_day, to_day), verified)
    made = control_report(catalogue, journal, QUERIES, (from_day, to_day), now.date(), verified.damages)
    exceptions = [each for run in journal.runs for each in exceptions_of(run, now)]
    return ReportMade(
        files=_files(services, form, made, exceptions, now),
        runs=tuple(run.run for run in journal.runs),
        strengths={
            strength: sum(each.strength is strength for each in made.controls) for strength in Strength
        },
        exceptions=len(exceptions),
    )


def _files(
    services: Services, form: Form, made: ControlReport, exceptions: Sequence[Exceptional], now: datetime
) -> dict[str, bytes]:
    """The first file is the one to read."""
    if form is Form.OSCAL:
        return {"assessment-results.json": assessment_results(made, exceptions, now)}
    page = control_page(made, exceptions)
    if form is Form.HTML:
        return {"report.html": page, **tables(made, exceptions)}
    left = f"{made.catalogue.framework}, {made.from_day} to {made.to_day}"
    paper = printed(page, made.today, left, "Evidence for, not a statement of compliance")
    return {"report.pdf": services.printer.pdf(paper, {}), **tables(made, exceptions)}


def catalogue_of(framework: str) -> Catalogue:
    """The controls of one of FRAMEWORKS."""
    return read_catalogue((_CATALOGUES / f"{framework}.json").read_bytes())


async def _journal(services: Services, period: tuple[date, date], verified: VerifyReport) -> JournalFacts:
    """What the queries ask. Of a run outside of the period only its first moment and its erasures are kept."""
    heads = await services.store.runs()
    runs: list[RunFacts] = []
    erasures: list[Citation] = []
    first_at: datetime | None = None
    for number, head in enumerate(heads, 1):
        run = await _run(services, head, verified.damages)
        if run.entries:
            first_at = min(first_at or run.entries[0].at, run.entries[0].at)
        erasures += erasures_of(run, lambda entry: period[0] <= _day(entry.at) <= period[1])
        if _is_in(run, period):
            runs.append(run)
        services.progress("reading runs", number, len(heads))
    between = range(runs[0].run_no, runs[-1].run_no + 1) if runs else range(0)
    inside, known = {run.run_no for run in runs}, {head.run_no for head in heads}
    return JournalFacts(
        runs=runs,
        all_runs=len(heads),
        all_entries=verified.entries,
        signed_entries=verified.signed,
        is_whole=not verified.damages,
        first_at=first_at,
        missing=sorted(({*between} - known) | _told_missing(verified.damages)),
        others=[number for number in between if number in known - inside],
        anchored=(*verified.anchored, *verified.lags) if verified.anchored else (),
        notices=tuple(filter(None, (*verified.notices, verified.unremembered))),
        retention=await _retention(services),
        erasures=erasures,
    )


def _told_missing(damages: Sequence[Damage]) -> set[int]:
    """Numbers of runs that the spine tells of and the journal has not: of any time, so they belong to every period."""
    return {int(each.facts["number"]) for each in damages if each.code == "run-missing"}


async def _retention(services: Services) -> RetentionFacts:
    found = await due(services)
    return RetentionFacts(services.config.retention, has_overdue=bool(found.count or found.notices))


async def _run(services: Services, head: RunHead, damages: Sequence[Damage]) -> RunFacts:
    faults = [each.what for each in damages if each.run == head.run]
    try:
        entries = [read(stored) for stored in await services.store.entries(head.run)]
        summary = summary_of(entries) if entries else None
    except JournalDamaged as damaged:
        return RunFacts(head.run_no, head.run, fault=faults[0] if faults else str(damaged))
    fault = faults[0] if faults else "" if entries else "its entries are gone"
    return RunFacts(head.run_no, head.run, entries, summary, fault)


def _is_in(run: RunFacts, period: tuple[date, date]) -> bool:
    """A run that can't be read may be of any time: it belongs to every period."""
    if run.summary is None:
        return True
    return period[0] <= _day(run.summary.opened_at) <= period[1]


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
