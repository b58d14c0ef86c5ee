"""`keys stats`: figures in the terminal, as a page, for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from runbook_keys.cli.opening import say, show_json, told, with_services
from runbook_keys.cli.text import RULE, hanging, one_line

if TYPE_CHECKING:
    from runbook_keys.evidence.figures.over_runs import Figures, StepFigures

MOST = 5

_HEAD = f"  {'step':<36} {'visits':>6} {'commands':>9} {'people':>9} {'waiting':>9} {'back':>4}"


@click.command("stats")
@click.argument("slug", default="")
@click.option(
    "--practice", "is_practice", is_flag=True, help="Count drills and trainings instead of incidents."
)
@click.option("--format", "form", type=click.Choice(["text", "html", "json"]), default="text")
def stats_command(slug: str, is_practice: bool, form: str) -> None:
    """Show how runs went: time to acknowledge and to resolve, time per step, what comes again and what fixed it.

    Example: keys stats --format html > stats.html
    """
    from runbook_keys.operations.reports.stats import page_of_stats, stats

    made = with_services(lambda services: stats(services, slug, is_practice))
    found = made.figures
    if form == "html":
        click.echo(page_of_stats(found, is_practice), nl=False)
    elif form == "json":
        show_json(found)
    else:
        say(stats_lines(found, is_practice))
    told(made.unreadable)


def stats_lines(found: Sequence[Figures], is_practice: bool) -> list[str]:
    """A block per runbook, the most used first."""
    if not found:
        other = "keys drill SLUG" if is_practice else "keys stats --practice"
        return [f"No {'practice' if is_practice else 'real'} runs yet. `{other}` has more to show."]
    return [line for each in found for line in _runbook(each)]


def _runbook(found: Figures) -> list[str]:
    from runbook_keys.evidence.figures.page import acknowledged, resolved

    endings = ", ".join(f"{count} {ending}" for ending, count in found.endings.items())
    lines = [RULE, one_line(f"{found.title} ({found.slug})")]
    lines += hanging(
        "  Runs:           ",
        f"{found.runs}, {found.first_at:%Y-%m-%d} to {found.last_at:%Y-%m-%d}: {endings}",
    )
    lines += hanging("  To acknowledge: ", acknowledged(found.acknowledged))
    lines += hanging("  To resolve:     ", resolved(found))
    fixes = _most(found.fixes)
    lines += hanging("  Fixed by:       ", fixes or "nothing known yet")
    lines += hanging("  Repeats:        ", f"{found.repeats} of {len(found.incidents)} incidents")
    waits = ", ".join(f"{step.step} ({_time(step.person_ms)})" for step in found.where_people_wait())
    back = ", ".join(f"{step.step} ({step.went_back} times)" for step in found.where_people_go_back())
    lines += hanging("  People wait at: ", waits or "nowhere for long")
    lines += hanging("  Gone back to:   ", back or "nowhere")
    ways = _most(found.abandoned)
    lines += hanging("  Came to nothing: ", ways or "no way")
    return [*lines, "  Median per visit:", _HEAD, *map(_step, found.steps)]


def _most(counted: Mapping[str, int]) -> str:
    """The most frequent few, and how many more there are."""
    shown = [f"{what} ({count})" for what, count in list(counted.items())[:MOST]]
    more = len(counted) - len(shown)
    return "; ".join([*shown, f"and {more} more"] if more > 0 else shown)


def _step(step: StepFigures) -> str:
    name = one_line(f"{step.step} {step.title}", 36)
    times = (step.machine_ms, step.person_ms, step.waiting_ms)
    spoken = " ".join(f"{_time(each):>9}" for each in times)
    return f"  {name:<36} {step.visits:>6} {spoken} {step.went_back or '':>4}"


def _time(milliseconds: float) -> str:
    from runbook_keys.evidence.markdown import length

    return length(timedelta(milliseconds=milliseconds)) if milliseconds else "-"
