"""A control report as CSV for whoever draws samples. A spreadsheet takes nothing in it for a formula."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from runbook_keys.evidence.controls.exceptions import Exceptional
from runbook_keys.evidence.controls.report import ControlReport
from runbook_keys.evidence.controls.runs import Citation, RunFacts
from runbook_keys.evidence.csv_table import table
from runbook_keys.journal.damages import stretches
from runbook_keys.journal.lines import instant

_PLACE = ("run number", "run", "entry", "at", "actor", "words")


def tables(report: ControlReport, exceptions: Sequence[Exceptional]) -> dict[str, bytes]:
    """The files by name: controls, evidence, population, exceptions."""
    return {
        "controls.csv": table(
            ("control", "title", "asked", "strength", "field", "what it is", "found"), _controls(report)
        ),
        "evidence.csv": table(("control", "field", *_PLACE), _evidence(report)),
        "population.csv": table(
            ("run number", "run", "opened", "by", "runbook", "kind", "end", "damage"), _population(report)
        ),
        "exceptions.csv": table(("kind", *_PLACE), ((kind, *_place(cited)) for kind, cited in exceptions)),
    }


def _controls(report: ControlReport) -> Iterator[tuple[object, ...]]:
    for found in report.controls:
        control = found.control
        for each in found.fields:
            count = len(each.citations) if each.is_recorded else "not recorded by KEYS"
            yield (
                control.id,
                control.title,
                control.asks,
                found.strength,
                each.field.name,
                each.field.words,
                count,
            )


def _evidence(report: ControlReport) -> Iterator[tuple[object, ...]]:
    for found in report.controls:
        for each in found.fields:
            for cited in each.citations:
                yield found.control.id, each.field.name, *_place(cited)


def _place(cited: Citation) -> tuple[object, ...]:
    return cited.run_no, cited.run, cited.seq, instant(cited.at) if cited.at else "", cited.actor, cited.words


def _population(report: ControlReport) -> Iterator[tuple[object, ...]]:
    """Every number between the first and the last, so that a gap can't be overlooked."""
    rows: dict[int, tuple[object, ...]] = {run.run_no: (*of_run(run), run.fault) for run in report.runs}
    rows |= dict.fromkeys(report.journal.others, ("", "outside of the period", "", "", "", "", ""))
    rows |= dict.fromkeys(report.journal.missing, ("", "MISSING", "", "", "", "", "no run of this number"))
    return ((number, *rows[number]) for number in sorted(rows))


def of_run(run: RunFacts) -> tuple[str, ...]:
    """A run as text: name, opening, who, runbook, kind, end."""
    if run.summary is None:
        return run.run, "can't be read", "", "", "", ""
    one = run.summary
    end = one.ending or ("unknown" if one.is_unknown else f"open at {one.where}")
    return (
        run.run,
        f"{one.opened_at:%Y-%m-%d %H:%M}",
        one.operator,
        f"{one.slug} {one.version}",
        run.kind or "",
        end,
    )


def numbers(found: Iterable[int]) -> str:
    """`1 to 4, 7`."""
    return ", ".join(
        str(first) if first == last else f"{first} to {last}" for first, last in stretches(sorted(found))
    )


def standing(report: ControlReport) -> str:
    """What is known of the journal itself."""
    journal = report.journal
    whole = "verifies" if journal.is_whole else f"does NOT verify: {len(report.damages)} findings"
    signed = (
        f"{journal.signed_entries} of its {journal.all_entries} entries are covered by a signed checkpoint"
    )
    return f"The journal holds {journal.all_runs} runs and {whole}. {signed}."


def completeness(report: ControlReport) -> str:
    """Which runs the population is, and whether a number is missing."""
    journal = report.journal
    words = _which_runs(report)
    if journal.missing:
        return (
            f"{words} MISSING from the journal: {numbers(journal.missing)}. This population is not complete."
        )
    if not journal.is_whole:
        return f"{words} Whether a number is missing can't be told: the journal does not verify."
    return f"{words} No number is missing." if report.runs else words


def _which_runs(report: ControlReport) -> str:
    journal = report.journal
    if not report.runs:
        return f"The journal holds {journal.all_runs} runs in all; none of them opened in this period."
    words = f"Every run that opened in the period, by its number in the journal: {numbers([run.run_no for run in report.runs])}."
    if journal.others:
        words += f" In between, {numbers(journal.others)} opened outside of the period by their clock."
    return words
