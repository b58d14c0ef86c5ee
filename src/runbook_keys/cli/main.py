"""`keys`: parses arguments, calls an operation, shows what it says."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from runbook_keys import __version__
from runbook_keys.cli.anchors import anchor_after_run, anchor_command
from runbook_keys.cli.crash import crash_report
from runbook_keys.cli.doctor import doctor_command
from runbook_keys.cli.drills import drill_command
from runbook_keys.cli.endings import EXIT_OF, Exit, last_words
from runbook_keys.cli.evidence import add_evidence_commands
from runbook_keys.cli.followups import me, moment, show_feedback
from runbook_keys.cli.keys import add_commands, show_installed
from runbook_keys.cli.leftover import AskedPatience
from runbook_keys.cli.listings import (
    LATEST_SHOWN,
    dry_run_lines,
    history_lines,
    runs_lines,
)
from runbook_keys.cli.opening import say, show_json, told, with_services
from runbook_keys.cli.paper import write_paper
from runbook_keys.cli.reports import add_report_commands
from runbook_keys.cli.terminal import TerminalOperator, operator_for
from runbook_keys.cli.text import safe
from runbook_keys.cli.writing import write_told
from runbook_keys.errors import Interrupted, KeysError
from runbook_keys.model.pack import Pack
from runbook_keys.operations.runs.run import RunReport, RunRequest, resume, start
from runbook_keys.operations.services import Services
from runbook_keys.ports import Cache

if TYPE_CHECKING:
    from runbook_keys.operations.runs.listing import RunHistory


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, prog_name="keys")
def cli() -> None:
    """Executable incident runbooks: one step at a time, nothing changed without a yes, all of it on the record."""


@cli.command("run")
@click.argument("slug")
@click.option(
    "--input", "-i", "inputs", multiple=True, metavar="NAME=VALUE", help="A value the runbook asks for."
)
@click.option(
    "--auto", type=click.Choice(["safe"]), help="Run looking steps without asking. Changes are asked for."
)
@click.option("--incident", default="", metavar="RUN", help="The first run of the incident this belongs to.")
@click.option("--alerted-at", metavar="TIME", help="When the alert fired (UTC), for the time to acknowledge.")
@click.option("--dry-run", is_flag=True, help="Show every command and where each answer leads. Runs nothing.")
@click.option(
    "--answers",
    type=click.Path(path_type=Path),
    help="Rehearse: take answers from this file, a line each; the record says so.",
)
@click.option(
    "--accept-findings", default="", metavar="REASON", help="Run a pack with faults on the page, and why."
)
def run_command(
    slug: str,
    inputs: tuple[str, ...],
    auto: str | None,
    incident: str,
    alerted_at: str | None,
    dry_run: bool,
    answers: Path | None,
    accept_findings: str,
) -> None:
    """Follow the runbook SLUG (a name, or a pack's folder).

    Example: keys run stripe-webhook-failure --auto safe
    """
    values = dict(_pair(each) for each in inputs)
    if dry_run:
        say(with_services(lambda services: _dry_run(services, slug, values)))
        return
    operator = _operator(answers)
    fired_at = moment(alerted_at) if alerted_at else None
    request = RunRequest(slug, values, auto == "safe", incident, accept_findings, alerted_at=fired_at)
    _follow(lambda services: start(services, operator, request))


async def _dry_run(services: Services, slug: str, values: dict[str, str]) -> list[str]:
    from runbook_keys.operations.runs.dry_run import dry_run

    return dry_run_lines(dry_run(services, slug, values))


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise click.BadParameter(f"{text!r} has no `=`. Write --input NAME=VALUE.")
    return name, value


def _operator(answers: Path | None) -> TerminalOperator:
    if answers is None:
        return operator_for(sys.stdin, sys.stdout, None)
    try:
        lines = answers.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise KeysError(f"{answers} can't be read: {error.strerror}. It holds one answer a line.") from error
    return operator_for(sys.stdin, sys.stdout, lines)


def _follow(work: Callable[[Services], Awaitable[RunReport]]) -> NoReturn:
    """Follow a runbook to its last screen; what anchors the record comes after it."""
    from runbook_keys.operations.record.anchor import has_anchors

    async def body(services: Services) -> tuple[RunReport, bool]:
        return await work(services), has_anchors(services)

    report, is_anchored = with_services(body)
    say(last_words(report))
    if is_anchored:
        anchor_after_run()
    sys.exit(EXIT_OF[report.ending])


@cli.command("resume")
@click.argument("run", default="")
@click.option(
    "--auto", type=click.Choice(["safe"]), help="Run looking steps without asking. Changes are asked for."
)
@click.option(
    "--answers",
    type=click.Path(path_type=Path),
    help="Rehearse: take answers from this file, a line each; the record says so.",
)
@click.option("--wait", is_flag=True, help="If a command still runs from before a crash, wait for its end.")
@click.option("--end-leftover", is_flag=True, help="If one still runs, ask, then end it.")
def resume_command(run: str, auto: str | None, answers: Path | None, wait: bool, end_leftover: bool) -> None:
    """Go on with RUN after a crash or a hand-over; without RUN, with the latest that is open.

    Example: keys resume
    """
    operator = _operator(answers)
    patience = AskedPatience(operator, wait, end_leftover)
    _follow(lambda services: resume(services, operator, run, auto == "safe", patience))


@cli.command("runs")
@click.option("--all", "is_all", is_flag=True, help=f"Not only the latest {LATEST_SHOWN}.")
@click.option("--json", "as_json", is_flag=True, help="All of them as one JSON array.")
def runs_command(is_all: bool, as_json: bool) -> None:
    """List the latest runs, the newest last.

    Example: keys runs --all
    """
    from runbook_keys.operations.runs.listing import list_runs

    latest = None if is_all or as_json else LATEST_SHOWN
    found = with_services(lambda services: list_runs(services, latest))
    show_json(found.runs) if as_json else say(runs_lines(found.runs, found.earlier))
    told(found.unreadable)


@cli.command("show")
@click.argument("run", default="", metavar="[RUN|SLUG]")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
@click.option("--entries", is_flag=True, help="The journal's own lines, as they are hashed.")
@click.option(
    "--paper",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With SLUG: write the runbook as two A4 pages, a PDF.",
)
def show_command(run: str, as_json: bool, entries: bool, paper: Path | None) -> None:
    """Show the hand-over and the timeline of RUN; without RUN, of the latest that is open.

    With the SLUG of a KEY or runbook: what it needs, what it changes, who calls it.

    Example: keys show r-20261123-0312-k7qm
    """
    if paper is not None:
        write_paper(run, paper)
        return
    if run and not run.startswith("r-") and show_installed(with_services, run, as_json):
        if not as_json:
            show_feedback(
                lambda services: [services.library.load(run)] if run in services.library.slugs() else []
            )
        return
    history, notice = with_services(lambda services: _history(services, run))
    if entries:
        click.echo("".join(stored.line.decode() for stored in history.stored), nl=False)
    elif as_json:
        show_json((history.line, history.timeline, history.handover))
    else:
        say(history_lines(history))
    told(notice)


async def _history(services: Services, run: str) -> tuple[RunHistory, str]:
    """One run's history, and what is to be said where this reading could not be put on its record."""
    from runbook_keys.operations.record.access import record_access
    from runbook_keys.operations.runs.listing import show_run

    history = await show_run(services, run)
    return history, await record_access(services, me(), [history.run], "timeline")


@cli.command("check")
@click.argument("names", nargs=-1, metavar="[PATH|SLUG]...")
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif", "github"]), default="text")
@click.option("--audit", "is_audit", is_flag=True, help="Hold all installed runbooks against all KEYS.")
def check_command(names: tuple[str, ...], form: str, is_audit: bool) -> None:
    """Prove packs on the page: every step has a way out, every change an undo, nothing is left to guess.

    Example: keys check library/runbooks
    """
    if is_audit:
        _audit(as_json=form == "json")
    from runbook_keys.operations.library.check import blocks_run, rendered

    checked = with_services(lambda services: _checked(services, names))
    click.echo(rendered(checked, form))
    if form == "text":
        show_feedback(lambda _services: [one.pack for one in checked])
    has_errors = any(blocks_run(finding) for one in checked for finding in one.findings)
    sys.exit(Exit.FAILED if has_errors else Exit.OK)


def _audit(*, as_json: bool) -> NoReturn:
    from runbook_keys.cli.audits import audit_lines
    from runbook_keys.operations.library.audit import audit_library

    async def look(services: Services) -> Any:
        return audit_library(services)

    found = with_services(look)
    show_json(found) if as_json else say(audit_lines(found))
    sys.exit(Exit.OK if found.is_consistent else Exit.FAILED)


async def _checked(services: Services, names: tuple[str, ...]) -> Any:
    from runbook_keys.operations.library.check import check

    return check(services, names)


@cli.command("fmt")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def fmt_command(folder: Path) -> None:
    """Make the printed page `checklist.md` of the pack in FOLDER from its README.md.

    Example: keys fmt library/runbooks/stripe-webhook-failure
    """
    from runbook_keys.operations.packs import printed_page

    page = with_services(lambda services: _page(services, folder, printed_page))
    made = write_told(folder / "checklist.md", page, "Mend that, then try again.")
    click.echo(f"{made} is made from README.md.")


async def _page(services: Services, folder: Path, printed: Callable[[Pack, Cache], bytes]) -> bytes:
    return printed(services.library.load(f"{folder.resolve()}"), services.cache)


add_commands(cli, with_services)
add_evidence_commands(cli)
add_report_commands(cli)
cli.add_command(drill_command)
cli.add_command(doctor_command)
cli.add_command(anchor_command)


_IN_FEW_WORDS = {
    "anchor": "Send checkpoints to where others keep them.",
    "aware": "Start the 72-hour clock of a data breach.",
    "call": "Call one Jupyter, Node or Python KEY.",
    "check": "Prove packs and KEYS on the page.",
    "checkpoint": "Sign the journal as it is now.",
    "declare": "Say what happened to a damaged record.",
    "doctor": "Say what is missing to be usable tonight.",
    "drill": "Prove a runbook by breaking things for real.",
    "erase": "Erase personal data from a run.",
    "export": "Write the evidence of a run, as a bundle.",
    "feedback": "Say that a step of a runbook is wrong.",
    "fmt": "Make a pack's printed page.",
    "followups": "List what is due after incidents.",
    "list": "List installed KEYS and runbooks.",
    "new": "Make a new KEY or runbook.",
    "postmortem": "Draft the review of an incident.",
    "report": "Say what the record is evidence for.",
    "resume": "Go on after a crash or a hand-over.",
    "run": "Follow a runbook.",
    "runs": "List the latest runs.",
    "schema": "Print the schema of pack.json or key.json.",
    "show": "Show a run's story, a KEY or a runbook.",
    "stats": "Show how runs went.",
    "verify": "Check that the record is whole and signed.",
}
"""What the list of commands says of each, on one line of 80 columns."""

for _name, _words in _IN_FEW_WORDS.items():
    cli.commands[_name].short_help = _words


def main() -> NoReturn:
    """The command line. Three endings: expected (1), interrupted (130), our bug (3, with a report to paste)."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(Exit.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except Interrupted as error:
        click.echo(f"\n{error} The run is kept: `keys resume` goes on.", err=True)
        sys.exit(Exit.INTERRUPTED)
    except KeysError as error:
        click.echo(f"keys: {safe(str(error))}", err=True)
        sys.exit(Exit.FAILED)
    except Exception as error:  # noqa: BLE001 - our bug, whatever it is, ends in a report
        click.echo(crash_report(error), err=True)
        sys.exit(Exit.BUG)
    sys.exit(Exit.OK)


if __name__ == "__main__":
    main()
