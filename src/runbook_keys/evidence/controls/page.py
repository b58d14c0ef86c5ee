"""A control report as one page: what is asked, what the record holds, what it does not. No script, fit for paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from runbook_keys import __version__
from runbook_keys.evidence.controls.exceptions import Exceptional
from runbook_keys.evidence.controls.report import ControlFound, ControlReport, FieldFound, Strength
from runbook_keys.evidence.controls.runs import Citation, RunFacts
from runbook_keys.evidence.controls.tables import completeness, numbers, of_run, standing
from runbook_keys.evidence.html import grid, page, section, shown
from runbook_keys.model.event import RunKind

_COLOURS = {Strength.STRONG: "#1f6f50", Strength.PARTIAL: "#7a4d00", Strength.NONE: "#8a1c14"}
_EXPLAINED = {
    Strength.STRONG: "every field below was found wherever it should be, and the journal verifies",
    Strength.PARTIAL: "some fields below were found; others were not, or not in every run, or KEYS does not record them",
    Strength.NONE: "no field below was found in the period",
}
MEANING = (
    "This page says what the record of KEYS holds for each requirement, and what it does not. Whether a requirement is "
    "met is for its examiner to judge. Requirements are named by their ids; the questions are in our own words."
)


def control_page(report: ControlReport, exceptions: Sequence[Exceptional]) -> bytes:
    """The page. `exceptions` are those of all runs, in their order."""
    title = f"{report.catalogue.framework}: evidence from runs, {report.from_day} to {report.to_day}"
    body = [
        f"<h1>{shown(report.catalogue.framework)}: evidence from runs</h1>",
        f'<p class="quiet">{report.from_day} to {report.to_day}, both days included, UTC. Made on {report.today} by KEYS {__version__}.</p>',
        f"<p>{shown(report.catalogue.about)}</p>",
        f'<p class="ending open">{shown(_headline(report))}</p>',
        f"<p>{shown(MEANING)}</p>",
        section("All requirements", _overview(report)),
        *(_control(each) for each in report.controls),
        section("What is not covered", _not_covered(report)),
        section(
            "Exceptions",
            f"<p>{shown(_exceptions_words(exceptions))}</p>",
            grid(
                ("No", "Entry", "When", "Who", "What", "In words"),
                map(_exception, exceptions),
                "None was found.",
            ),
        ),
        section("The whole population", *_population(report, exceptions)),
        section("The journal", *_journal(report)),
    ]
    return page(title, body)


def _headline(report: ControlReport) -> str:
    if not report.runs:
        begun = " The period has not begun." if report.from_day > report.today else ""
        if report.journal.erasures:
            return "No run opened in this period. What was erased in it is the only evidence."
        return f"No run opened in this period, so there is no evidence in it.{begun}"
    kinds = Counter(run.kind for run in report.runs)
    words = ", ".join(
        f"{kinds[kind]} {name}"
        for kind, name in (
            (RunKind.INCIDENT, "for incidents"),
            (RunKind.DRILL, "of drills"),
            (RunKind.TRAINING, "of trainings"),
            (None, "unreadable"),
        )
        if kinds[kind]
    )
    strengths = Counter(each.strength for each in report.controls)
    counts = ", ".join(f"{strengths[each]} {each}" for each in Strength)
    later = f" After {report.today} nothing is known yet." if report.to_day > report.today else ""
    return f"{len(report.runs)} runs ({words}). Evidence for {len(report.controls)} requirements: {counts}.{later}"


def _overview(report: ControlReport) -> str:
    rows = [
        (
            f'<a href="#{_anchor(each)}">{shown(each.control.id)}</a>',
            shown(each.control.title),
            badge(each.strength),
            f"{sum(bool(field.citations) for field in each.fields)} of {len(each.fields)}",
        )
        for each in report.controls
    ]
    return grid(("Id", "What it is about", "Strength", "Fields found"), rows, "None.")


def _anchor(found: ControlFound) -> str:
    return "".join(char if char.isalnum() else "-" for char in found.control.id)


def badge(strength: Strength) -> str:
    """How far evidence goes, as HTML in its colour."""
    return f'<span class="badge" style="color:{_COLOURS[strength]}">{strength}</span>'


def _control(found: ControlFound) -> str:
    control = found.control
    rows = [
        (shown(each.field.name), shown(each.field.words), _upright(count), where)
        for each in found.fields
        for count, where in [_where(each)]
    ]
    return "\n".join(
        [
            f'<h2 id="{_anchor(found)}">{shown(control.id)} {shown(control.title)}</h2>',
            f"<p><b>Asked:</b> {shown(control.asks)}</p>",
            f"<p>{badge(found.strength)} {shown(_EXPLAINED[found.strength])}.</p>",
            grid(("Field", "What it is", "Found", "Runs, by number"), rows, "None."),
        ]
    )


def _upright(cell: str) -> str:
    """A short cell that stays on one line."""
    return f'<span style="white-space:nowrap">{cell}</span>'


def _where(each: FieldFound) -> tuple[str, str]:
    if not each.is_recorded:
        return "<b>not recorded by KEYS</b>", "not covered"
    if not each.citations:
        none = "none on record" if each.field.if_any else "<b>none in this period</b>"
        return none, f"<b>not in {numbers(each.missing)}</b>" if each.missing else ""
    runs = sorted({cited.run_no for cited in each.citations if cited.run_no})
    if not runs:
        return "yes", "<br>".join(shown(cited.words) for cited in each.citations)
    times = "once" if len(each.citations) == 1 else f"{len(each.citations)} times"
    where = "in 1 run" if len(runs) == 1 else f"in {len(runs)} runs"
    lacking = f"<br><b>not in {numbers(each.missing)}</b>" if each.missing else ""
    return f"{times}, {where}", f"{numbers(runs)}{lacking}"


def _not_covered(report: ControlReport) -> str:
    rows = [
        (shown(found.control.id), shown(each.field.name), shown(each.field.words), _why(each))
        for found in report.controls
        for each in found.fields
        if not each.is_full
    ]
    return grid(("Id", "Field", "What it is", "Why"), rows, "Everything that is asked was found.")


def _why(each: FieldFound) -> str:
    if not each.is_recorded:
        return "KEYS does not record it; show it from elsewhere"
    if not each.missing:
        return "none in this period"
    return f"not in {'run' if len(each.missing) == 1 else 'runs'} {numbers(each.missing)}"


def _exceptions_words(exceptions: Sequence[Exceptional]) -> str:
    if not exceptions:
        return "Nothing in the runs of this period is out of order."
    counts = Counter(kind for kind, _ in exceptions)
    return (
        f"{len(exceptions)} in all: {', '.join(f'{count} {kind}' for kind, count in counts.most_common())}."
    )


def _exception(each: Exceptional) -> tuple[str, ...]:
    kind, cited = each
    return (
        f"{cited.run_no}",
        f"{cited.seq or ''}",
        _moment(cited),
        shown(cited.actor),
        f"<b>{shown(kind)}</b>",
        shown(cited.words),
    )


def _moment(cited: Citation) -> str:
    return f"{cited.at:%Y-%m-%d %H:%M}" if cited.at else ""


def _population(report: ControlReport, exceptions: Sequence[Exceptional]) -> Iterator[str]:
    yield f"<p>{shown(completeness(report))}</p>"
    counts = Counter(cited.run_no for _, cited in exceptions)
    rows = [_run(run, counts[run.run_no]) for run in report.runs]
    head = ("No", "Run", "Opened", "By", "Runbook", "Kind", "End", "Exceptions")
    yield grid(head, rows, "No run opened in this period.")


def _run(run: RunFacts, count: int) -> tuple[str, ...]:
    return (
        f'<span id="run-{run.run_no}">{run.run_no}</span>',
        *map(shown, of_run(run)),
        f"<b>{count}</b>" if count else "",
    )


def _journal(report: ControlReport) -> Iterator[str]:
    yield f"<p>{shown(standing(report))}</p>"
    rows = [(shown(each.run or "journal"), f"{each.seq or ''}", shown(each.what)) for each in report.damages]
    if rows:
        yield grid(("Run", "Entry", "What does not verify"), rows, "")
    if notices := [(shown(each),) for each in report.journal.notices]:
        yield grid(("No damage, but worth knowing",), notices, "")
    yield '<p class="quiet">Check it yourself: <code>keys verify</code>, and <code>keys export RUN</code> for a sample.</p>'
