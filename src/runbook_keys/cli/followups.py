"""The commands for what comes after an incident: follow-ups, feedback on a step, the record of a data breach."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from runbook_keys.cli.opening import say, show_json, told, with_services
from runbook_keys.cli.terminal import operator_for
from runbook_keys.cli.text import RULE, duration, hanging

if TYPE_CHECKING:
    from runbook_keys.evidence.followups import FollowUp
    from runbook_keys.evidence.followups_feedback import Feedback
    from runbook_keys.model.actor import Actor
    from runbook_keys.model.breach import BreachDetail
    from runbook_keys.model.pack import Pack
    from runbook_keys.operations.runs.breach import BreachStanding
    from runbook_keys.operations.services import Services


def me() -> Actor:
    """Whoever sits at this terminal."""
    return operator_for(sys.stdin, sys.stdout, None).actor


@click.command("followups")
@click.argument("slug", default="")
@click.option("--done", nargs=2, type=(str, int), metavar="RUN N", help="Follow-up N of RUN is done.")
@click.option("--note", default="", help="With --done: what was done, or where it can be seen.")
@click.option(
    "--assign", nargs=3, type=(str, int, str), metavar="RUN N WHO", help="Give follow-up N of RUN to WHO."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def followups_command(
    slug: str, done: tuple[str, int] | None, note: str, assign: tuple[str, int, str] | None, as_json: bool
) -> None:
    """List the follow-ups of all incidents: overdue, due, done. With a SLUG, of that runbook.

    Example: keys followups --done r-20261123-0312-k7qm 2 --note "alert added"
    """
    from runbook_keys.operations.runs.followups import assign as give
    from runbook_keys.operations.runs.followups import complete, list_follow_ups

    if assign is not None:
        run, number, to = assign
        words = with_services(lambda services: give(services, me(), run, number, to))
        say(hanging(f"{to} has it: ", words))
    if done is not None:
        run, number = done
        words = with_services(lambda services: complete(services, me(), run, number, note))
        say(hanging("Done: ", words))
    if assign is None and done is None:
        made = with_services(lambda services: list_follow_ups(services, slug))
        show_json(made.found) if as_json else say(follow_up_lines(made.found, datetime.now(UTC)))
        told(made.unreadable)


def follow_up_lines(found: Sequence[FollowUp], now: datetime) -> list[str]:
    """One paragraph per follow-up, under how it stands at `now`."""
    if not found:
        return ["No follow-ups. They come from section 10 of the runbooks whose runs have ended."]
    lines: list[str] = []
    standing = ""
    for each in found:
        if each.standing(now) != standing:
            standing = each.standing(now)
            count = sum(other.standing(now) == standing for other in found)
            lines += [RULE, f"{standing.upper()} ({count})"]
        lines += hanging(f"  {each.run} {each.number}  ", f"{each.words} [{_when(each, now)}; {_who(each)}]")
    return lines


def _when(each: FollowUp, now: datetime) -> str:
    if each.done_at is not None:
        return f"done {each.done_at:%Y-%m-%d}"
    if each.due_at is None:
        return "no date in section 10"
    days = (now - each.due_at).days
    ago = f", {days} days ago" if days > 1 else ", yesterday" if days == 1 else ""
    return f"due {each.due_at:%Y-%m-%d %H:%M} UTC{ago}"


def _who(each: FollowUp) -> str:
    if each.done_at is not None:
        return f"by {each.done_by}"
    return each.owner or "nobody has it"


@click.command("feedback")
@click.argument("run")
@click.argument("step")
@click.argument("words")
def feedback_command(run: str, step: str, words: str) -> None:
    """Say that STEP of the runbook that RUN followed is wrong, and why; whoever edits it next is shown.

    Example: keys feedback r-20261123-0312-k7qm D3 "the dashboard has moved"
    """
    from runbook_keys.operations.runs.feedback import give_feedback

    name = with_services(lambda services: give_feedback(services, me(), run, step.strip().upper(), words))
    say(
        hanging(
            "", f"It is on the record of {name}. `keys check` and `keys show` tell whoever edits it next."
        )
    )


def show_feedback(packs: Callable[[Services], Sequence[Pack]]) -> None:
    """What people said of steps that these packs still have unchanged; nothing where nobody said anything."""

    async def look(services: Services) -> list[Feedback]:
        from runbook_keys.operations.runs.feedback import feedback_on_packs

        return await feedback_on_packs(services, packs(services))

    for line in feedback_lines(with_services(look)):
        click.echo(line)


def feedback_lines(found: Sequence[Feedback]) -> list[str]:
    """Who said when about which step and version, and what."""
    lines = ["Feedback on steps that have not changed since:"] if found else []
    for each in found:
        lead = f"{each.slug} {each.version}, step {each.step}"
        lines += hanging("  - ", f"{lead}: {each.words} ({each.by}, {each.at:%Y-%m-%d}, run {each.run})")
    return lines


_PARTS = ("facts", "categories", "effects", "measures", "contact", "not-notified", "delay", "subjects")


@click.command("aware")
@click.argument("run", default="")
@click.option("--at", metavar="TIME", help="Since when somebody knows of a breach of personal data (UTC).")
@click.option("--now", "is_now", is_flag=True, help="Since now.")
@click.option("--note", default="", help="How it became known.")
@click.option(
    "--record", nargs=2, type=(click.Choice(_PARTS), str), multiple=True, metavar="PART TEXT",
    help=f"Add to the record of Art. 33(5). PART: {', '.join(_PARTS)}.",
)  # fmt: skip
@click.option("--notified-at", metavar="TIME", help="When the supervisory authority was told (UTC).")
def aware_command(
    run: str,
    at: str | None,
    is_now: bool,
    note: str,
    record: tuple[tuple[str, str], ...],
    notified_at: str | None,
) -> None:
    """Start the 72 hours of GDPR Art. 33 for RUN, add to the record of the breach, or show how it stands.

    Example: keys aware r-20261123-0312-k7qm --at 2026-11-23T04:05
    """
    aware_at = moment(at) if at else None
    told_at = moment(notified_at) if notified_at else None
    found = with_services(
        lambda services: _aware(services, run, bool(at or is_now), aware_at, note, record, told_at)
    )
    say(breach_lines(found))


async def _aware(
    services: Services,
    run: str,
    is_new: bool,
    aware_at: datetime | None,
    note: str,
    record: tuple[tuple[str, str], ...],
    told_at: datetime | None,
) -> BreachStanding:
    from runbook_keys.model.breach import BreachDetail
    from runbook_keys.operations.runs.breach import become_aware, detail, standing

    actor = me()
    if is_new:
        run = await become_aware(services, actor, run, aware_at, note)
    for part, said in record:
        run = await detail(services, actor, run, BreachDetail(part), said)
    if told_at is not None:
        run = await detail(services, actor, run, BreachDetail.NOTIFIED, note if not is_new else "", told_at)
    return await standing(services, run)


def moment(text: str) -> datetime:
    """A time as people write it, in UTC where it names no zone; raises a usage error for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time. Write 2026-11-23T04:05, in UTC.") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def breach_lines(found: BreachStanding) -> list[str]:
    """The clock first, then what is on record and what is not."""
    if found.aware_at is None or found.notify_by is None:
        return hanging("", f"Nobody has said for run {found.run} that personal data is concerned.")
    lines = hanging("Aware since: ", f"{found.aware_at:%Y-%m-%d %H:%M} UTC (run {found.run})")
    lines += hanging(
        "Authority:   ",
        f"must know by {found.notify_by:%Y-%m-%d %H:%M} UTC, {_clock(found, found.notify_by)}",
    )
    lines += _parts("On record:   ", found.given)
    return lines + _parts("Not yet:     ", found.missing)


def _clock(found: BreachStanding, notify_by: datetime) -> str:
    """How long there is left; once it is decided what the authority is told, the clock stands."""
    from runbook_keys.model.breach import BreachDetail

    if {BreachDetail.NOTIFIED, BreachDetail.NOT_NOTIFIED} & {*found.given}:
        return "what it is told is on record"
    left = int((notify_by - found.now).total_seconds())
    return f"{duration(left)} left" if left > 0 else f"OVER by {duration(-left)}"


def _parts(lead: str, parts: Sequence[BreachDetail]) -> list[str]:
    return hanging(lead, "; ".join(f"{part.words} ({part})" for part in parts)) if parts else []
