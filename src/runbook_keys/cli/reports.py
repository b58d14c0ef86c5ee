"""The commands that make pages from the record: post-mortem, figures, control reports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook_keys.cli.followups import aware_command, feedback_command, followups_command, me
from runbook_keys.cli.opening import say, told, with_services
from runbook_keys.cli.stats import stats_command
from runbook_keys.cli.text import hanging
from runbook_keys.cli.writing import write_page
from runbook_keys.errors import KeysError

if TYPE_CHECKING:
    from datetime import datetime

    from runbook_keys.operations.reports.postmortem import PostmortemDraft
    from runbook_keys.operations.reports.report import ReportMade
    from runbook_keys.operations.services import Services


def add_report_commands(cli: click.Group) -> None:
    """Add the commands of this page and of followups.py to `cli`."""
    for made in (
        postmortem_command,
        followups_command,
        feedback_command,
        aware_command,
        stats_command,
        report_command,
    ):
        cli.add_command(made)


@click.command("postmortem")
@click.argument("run", default="")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write the draft and its pictures here."
)
@click.option(
    "--format", "form", type=click.Choice(["markdown", "pdf"]), default="markdown", help="Of the draft."
)
def postmortem_command(run: str, out: Path | None, form: str) -> None:
    """Write the draft of a post-mortem for the incident of RUN: Markdown, with a picture of its course.

    Example: keys postmortem r-20261123-0312-k7qm --out post-mortem
    """
    if form == "pdf" and out is None:
        raise KeysError("A PDF needs a folder: add --out FOLDER.")
    made, notice = with_services(lambda services: _drafted(services, run, is_for_paper=form == "pdf"))
    if out is None:
        click.echo(made.files["postmortem.md"].decode(), nl=False)
    else:
        written(out, made.files)
        name = "postmortem.pdf" if form == "pdf" else "postmortem.md"
        say(hanging("", f"{out / name} is written. Questions left for people: {made.questions}."))
    told(notice)


async def _drafted(services: Services, run: str, *, is_for_paper: bool) -> tuple[PostmortemDraft, str]:
    from runbook_keys.operations.record.access import record_access
    from runbook_keys.operations.reports.postmortem import draft

    made = await draft(services, run, is_for_paper=is_for_paper)
    return made, await record_access(services, me(), made.runs, "post-mortem")


@click.command("report")
@click.argument("framework", type=click.Choice(["soc2", "pci-dss", "gdpr", "hipaa", "iso27001"]))
@click.option(
    "--from", "from_day", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day (UTC)."
)
@click.option("--to", "to_day", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last day (UTC).")
@click.option(
    "--format", "form", type=click.Choice(["html", "pdf", "oscal"]), default="html", help="What to make."
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="The folder for the report.")
def report_command(framework: str, from_day: datetime, to_day: datetime, form: str, out: Path | None) -> None:
    """Write what the record holds for a framework's requirements in a period: a page, and CSV to draw samples from.

    `pdf` is the page for paper; `oscal` is one document for machines: observations, and no findings.

    Example: keys report soc2 --from 2026-01-01 --to 2026-12-31
    """
    folder = out or Path(f"keys-report-{framework}-{from_day:%Y%m%d}-{to_day:%Y%m%d}")
    made, notice = with_services(lambda services: _reported(services, framework, from_day, to_day, form))
    written(folder, made.files)
    first, *tables = made.files
    strengths = ", ".join(f"{count} {strength}" for strength, count in made.strengths.items())
    say(
        [
            f"{folder / first} is written" + (f", with {len(tables)} tables beside it." if tables else "."),
            *hanging(
                "", f"Runs: {len(made.runs)}. Requirements: {strengths}. Exceptions: {made.exceptions}."
            ),
        ]
    )
    told(notice)


async def _reported(
    services: Services, framework: str, from_day: datetime, to_day: datetime, form: str
) -> tuple[ReportMade, str]:
    from runbook_keys.operations.record.access import record_access
    from runbook_keys.operations.reports.report import Form, report

    made = await report(services, framework, from_day.date(), to_day.date(), Form(form))
    return made, await record_access(services, me(), made.runs, f"report {framework}")


def written(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a page and what belongs to it into `folder`, made if need be. Raises KeysError in an operator's words."""
    try:
        write_page(folder, files)
    except OSError as error:
        raise KeysError(
            f"{error.filename or folder} can't be written: {error.strerror}. Give another folder by --out."
        ) from error
