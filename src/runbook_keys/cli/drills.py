"""`keys drill`: prove runbooks by breaking the practice company."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from runbook_keys.cli.endings import Exit
from runbook_keys.cli.opening import as_json, read_file, say, show_json, with_services
from runbook_keys.cli.screen import screen
from runbook_keys.cli.terminal import operator_for
from runbook_keys.cli.text import RULE, hanging, safe

if TYPE_CHECKING:
    from runbook_keys.drills.mutants import MutationReport
    from runbook_keys.drills.result import DrillResult
    from runbook_keys.evidence.summary import RunSummary
    from runbook_keys.operations.practice.drill import DrillReport, DrillRequest
    from runbook_keys.operations.practice.mutate import MutationRequest
    from runbook_keys.operations.services import Services


MOST_SCORES = 10
MOST_JOBS = 16
WANTED_PERCENT = 90


@click.command("drill")
@click.argument("slug", default="")
@click.option("--fault", "faults", multiple=True, metavar="FAULT", help="Only this one; may be given again.")
@click.option("--all", "is_all", is_flag=True, help="Every pack that has drills.")
@click.option("--lead", is_flag=True, help="You are the operator, where there is a terminal.")
@click.option(
    "--train", is_flag=True, help="You are the operator, you don't know the fault, you get a score."
)
@click.option(
    "--mutate", is_flag=True, help="Make the runbook wrong in one place after another: who notices?"
)
@click.option(
    "--after",
    type=click.Path(path_type=Path),
    help="With --mutate: results of all drills (--format json), so that they need not run first.",
)
@click.option("--most", default=0, help="With --mutate: this many mutants, picked by --seed.")
@click.option("--seed", default=0, help="With --most: which ones.")
@click.option("--line", "lines", type=int, multiple=True, help="With --mutate: only here in README.md.")
@click.option(
    "--effort", is_flag=True, help="Measure what the operator reads and types, against doing it by hand."
)
@click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    help="How many drills run side by side: 1, with --all as many as keep this machine busy.",
)
@click.option("--format", "form", type=click.Choice(["text", "json", "junit", "html"]), default="text")
def drill_command(
    slug: str,
    faults: tuple[str, ...],
    is_all: bool,
    lead: bool,
    train: bool,
    mutate: bool,
    after: Path | None,
    most: int,
    seed: int,
    lines: tuple[int, ...],
    effort: bool,
    jobs: int | None,
    form: str,
) -> None:
    """Prove the runbook SLUG by breaking the practice company for real.

    Example: keys drill stripe-webhook-failure --fault bad-release
    """
    from runbook_keys.operations.practice.drill import DrillRequest
    from runbook_keys.operations.practice.mutate import MutationRequest

    if not slug and not is_all:
        raise click.UsageError("Name a runbook, or give --all.")
    if mutate:
        wanted = MutationRequest(slug, most, seed, jobs or _busy(), lines=lines, faults=faults)
        _mutate(wanted, after, as_json_wanted=form == "json")
    if train and (not slug or not sys.stdin.isatty()):
        raise click.UsageError("A training needs one runbook and a person at a terminal.")
    is_led = (lead or train) and sys.stdin.isatty()
    operator = operator_for(sys.stdin, sys.stdout, None) if is_led else None
    rendered = screen if effort else None
    at_once = jobs or (_busy() if is_all and not is_led else 1)
    request = DrillRequest("" if is_all else slug, faults, operator, train, rendered=rendered)
    reports = with_services(lambda services: _drills(services, request, at_once, form == "text"))
    say(_output(reports, form, lead or train))
    if effort and form == "text":
        say(_effort_lines([result for report in reports for result in report.results]))
    if train:
        say(with_services(_scores))
    has_failed = any(result.failures for report in reports for result in report.results)
    has_gaps = any(report.coverage.unexplained for report in reports if report.is_whole)
    sys.exit(Exit.FAILED if has_failed or has_gaps else Exit.OK)


def _busy() -> int:
    """A drill waits for three fourths of its time. More at once take longer each, and their worlds' traffic goes on all the while."""
    return min(MOST_JOBS, 4 * (os.cpu_count() or 1))


def _mutate(wanted: MutationRequest, after: Path | None, *, as_json_wanted: bool) -> NoReturn:
    from msgspec.structs import replace

    from runbook_keys.bootstrap import practice_company
    from runbook_keys.operations.practice.mutate import drilled_before, mutate

    if not wanted.slug:
        raise click.UsageError("Name the runbook to make wrong.")
    content = read_file(after) if after else b""

    def tell(line: str) -> None:
        click.echo(safe(line), err=as_json_wanted)

    async def work(services: Services) -> MutationReport:
        drilled = drilled_before(services, wanted.slug, content) if content else ()
        async with practice_company() as world:
            return await mutate(services, world, replace(wanted, drilled=drilled), tell)

    report = with_services(work)
    show_json(report) if as_json_wanted else say(_mutation_lines(report))
    sys.exit(Exit.OK if report.percent >= WANTED_PERCENT else Exit.FAILED)


def _mutation_lines(report: MutationReport) -> list[str]:
    lines = [RULE]
    for mutant in report.survivors:
        lines += hanging(
            f"  README.md:{mutant.line}: ", f"nobody noticed: {mutant.kind}, {safe(mutant.what)}"
        )
    counts = f"{len(report.by_rules)} by the rules, {len(report.by_drills)} by drills, {len(report.survivors)} by nobody"
    return [
        *lines,
        *hanging("", f"{report.slug}: {report.total} mutants, caught {counts} ({report.percent} % caught)."),
    ]


def _effort_lines(results: Sequence[DrillResult]) -> list[str]:
    """Each drill's time with KEYS as a part of the time by hand, for three operators, and what may be claimed."""
    from runbook_keys.drills.effort import BOUNDS
    from runbook_keys.drills.effort_page import MODES, answer

    compared = [result.effort for result in results if result.effort is not None]
    lines: list[str] = []
    for is_auto, words in MODES.items():
        title = f"With KEYS / by hand, {words.strip('`')}"
        lines += ["", f"{title:<44}" + "".join(f"{name:>9}" for name in BOUNDS)]
        for result in results:
            if result.effort is not None:
                ratios = (result.effort.ratio(bound, is_auto=is_auto) for bound in BOUNDS.values())
                lines.append(f"{result.drill[:43]:<44}" + "".join(f"{ratio:>9.2f}" for ratio in ratios))
        if compared:
            lines += hanging("", f"On average: {answer(compared, is_auto=is_auto)}")
    return lines


async def _drills(
    services: Services, request: DrillRequest, at_once: int, is_told: bool
) -> list[DrillReport]:
    from dataclasses import replace

    from runbook_keys.bootstrap import practice_company
    from runbook_keys.operations.practice.drill import drill_all

    def tell(line: str) -> None:
        if request.operator is None:
            click.echo(safe(line), err=not is_told)

    if request.operator is not None:
        click.echo("Starting the practice company, and breaking something. You are on call.")
    slugs = [request.slug] if request.slug else list(services.library.slugs())
    asked = [replace(request, slug=each) for each in slugs]
    async with practice_company() as world:
        return await drill_all(services, world, asked, tell, at_once)


async def _scores(services: Services) -> list[str]:
    """The latest trainings of this person, this one last."""
    from runbook_keys.operations.summaries import summaries

    me = operator_for(sys.stdin, sys.stdout, None).actor.name
    runs = [run for run in await summaries(services) if run.score is not None and run.score.person == me]
    return [f"Trainings of {safe(me)}:", *(line for run in runs[-MOST_SCORES:] for line in _score(run))]


def _score(run: RunSummary) -> list[str]:
    score = run.score
    if score is None:
        return []
    verdict = "passed" if score.is_passed else "not passed"
    turns = f"{score.wrong_turns} wrong turns, {score.skipped} skipped"
    words = f"{verdict}, {score.seconds} s, {turns}; {run.slug}: {score.drill}"
    return hanging(f"  {run.opened_at:%Y-%m-%d} ", words)


def _output(reports: list[DrillReport], form: str, is_led: bool) -> list[str]:
    from runbook_keys.drills.page import page
    from runbook_keys.drills.result import junit

    if form == "json":
        return [as_json(reports)]
    if form == "junit":
        return [junit([result for report in reports for result in report.results]).rstrip()]
    if form == "html":
        return [page([(report.runbook, report.results, report.coverage) for report in reports])]
    return story_lines(reports) if is_led else drill_lines(reports)


def drill_lines(reports: Sequence[DrillReport]) -> list[str]:
    """A table of drills, what failed and why, and what of the tree they took."""
    lines = [RULE]
    for report in reports:
        lines += [f"{safe(report.slug)}", _DRILL_HEAD, *(_drill_line(result) for result in report.results)]
        for result in report.results:
            lines += [line for each in result.failures for line in hanging(f"  {result.drill}: ", each)]
        lines += _coverage_lines(report)
    return lines


_DRILL_HEAD = f"{'':6}  {'fault':<37} {'end':<11} {'steps':>5} {'asked':>5} {'seconds':>7}"


def _drill_line(result: DrillResult) -> str:
    verdict = "FAILED" if result.failures else "passed"
    counts = f"{len(result.path):>5} {result.questions:>5} {result.milliseconds / 1000:>7.1f}"
    return f"{verdict}  {result.drill[:37]:<37} {result.ending or 'open':<11} {counts}"


def _coverage_lines(report: DrillReport) -> list[str]:
    found = report.coverage
    if not report.is_whole:
        return []
    counts = f"{len(found.taken)} of {found.total} branches taken ({found.percent} %)"
    lines = [f"{report.slug}: {counts}, {len(found.excused)} excused with a reason."]
    return lines + [f"  not drilled and not excused: {safe(name)}" for name in found.unexplained]


def story_lines(reports: Sequence[DrillReport]) -> list[str]:
    """What was wrong, what was done, how long it took, and what the oracle says: the end of a led drill."""
    return [line for report in reports for result in report.results for line in _story(result)]


def _story(result: DrillResult) -> list[str]:
    well = "all is well" if result.judgement.is_healthy else "; ".join(result.judgement.problems)
    lines = [RULE, f"END: {result.ending or 'the run waits'}"]
    lines += hanging("What was wrong:  ", result.description)
    lines += hanging("What was done:   ", "; ".join(result.actions) or "nothing was changed")
    lines += hanging("How long:        ", f"{result.milliseconds / 1000:.1f} s, {len(result.path)} steps")
    lines += hanging("The oracle says: ", well)
    for each in result.failures:
        lines += hanging("The drill FAILED: ", each)
    return [*lines, f"The record:      run {result.run} (`keys show {result.run}`)"]
