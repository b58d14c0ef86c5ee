"""Lists, timelines and reports as plain lines of at most 80 columns, or as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runbook_keys.cli.text import RULE, command, hanging, one_line, safe
from runbook_keys.evidence.summary import RunSummary
from runbook_keys.model.outcome import Role
from runbook_keys.operations.runs.dry_run import DryBlock, DryRun, DryStep
from runbook_keys.operations.runs.listing import RunHistory

LATEST_SHOWN = 50
"""How many runs are listed unless somebody asks for all."""

_DRY_ROLES = {
    Role.PROBE: "Did it happen? (after a crash)",
    Role.ROLLBACK: "Undo",
    Role.ROLLBACK_CHECK: "Is it undone?",
}


def runs_lines(runs: Sequence[RunSummary], earlier: int = 0) -> list[str]:
    """One line per run, the newest last, and how many `earlier` ones there are."""
    if not runs:
        return ["No runs yet. `keys run SLUG` starts one."]
    more = [f"{earlier:,} earlier runs: `keys runs --all`"] if earlier else []
    return [*more, *(_run_line(run) for run in runs)]


def _run_line(run: RunSummary) -> str:
    state = run.ending or ("UNKNOWN" if run.is_unknown else f"open at {run.where}")
    practice = " (practice)" if run.is_practice else ""
    return one_line(f"{run.run}  {run.opened_at:%Y-%m-%d %H:%M}  {state:<12} {run.slug}{practice}")


def history_lines(history: RunHistory) -> list[str]:
    """The hand-over, then the timeline."""
    is_whole = history.line is not None
    lines = [part for line in history.handover for part in ([safe(line)] if is_whole else hanging("", line))]
    lines.append(RULE)
    for entry in history.timeline:
        at = f"{entry.at:%H:%M:%S}" if entry.at else 8 * "-"
        lines += hanging(f"{entry.seq:>4} {at} {entry.actor[:10]:<10} ", entry.words)
    return lines


def dry_run_lines(plan: DryRun) -> list[str]:
    """Every step with its commands, value names and ways out."""
    lines = [f"{safe(plan.title)}: what would run, and where each answer leads. Nothing is run."]
    if plan.missing:
        lines += hanging("Missing inputs: ", ", ".join(plan.missing))
    for step in plan.steps:
        lines += _dry_step(step)
    return lines


def _dry_step(dry: DryStep) -> Iterable[str]:
    step = dry.step
    lines = ["", *hanging(f"{step.label}. ", f"{step.title}  [{step.kind.words}, {step.safety}]")]
    for block in dry.blocks:
        lines += _dry_block(block)
    for way in dry.ways_out:
        limit = f", {way.remaining} times at most" if way.remaining is not None else ""
        when = f" when {way.condition}" if way.condition else ""
        lines += hanging("  - ", f"{way.words}{when} -> {way.leads_to}{limit}")
    return lines


def _dry_block(dry: DryBlock) -> list[str]:
    role = [f"  {_DRY_ROLES[dry.role]}:"] if dry.role in _DRY_ROLES else []
    if dry.block.language == "human":
        return [*role, "    (a person does this)"]
    values = [f"      reads {', '.join(dry.value_names)}"] if dry.value_names else []
    return [*role, *command(dry.block.command), *values]
