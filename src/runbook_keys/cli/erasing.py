"""`keys erase`: the material of one run, or what the settings of `keys.toml` say is due. Shown, confirmed, erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runbook_keys.cli.followups import me
from runbook_keys.cli.opening import say, typed, with_services
from runbook_keys.cli.text import hanging
from runbook_keys.errors import KeysError

if TYPE_CHECKING:
    from runbook_keys.operations.record.retention import Due, Erased
    from runbook_keys.operations.services import Services


@click.command("erase")
@click.argument("run", default="", metavar="[RUN]")
@click.option(
    "--entry", "entries", type=int, multiple=True, help="Only what this entry holds; may be given again."
)
@click.option("--reason", default="", help="Why; it stays on the record.")
@click.option("--although-kept", is_flag=True, help="Also before `keep_days` of keys.toml have passed.")
@click.option(
    "--due", "is_due", is_flag=True, help="What `erase_after_days` of keys.toml says is due, in all runs."
)
@click.option(
    "--confirm", default="", metavar="RUN|COUNT", help="What would be typed, where nobody can be asked."
)
def erase_command(
    run: str, entries: tuple[int, ...], reason: str, although_kept: bool, is_due: bool, confirm: str
) -> None:
    """Erase personal data: outputs, notes, files and values of RUN. The chain still verifies. There is no way back.

    Example: keys erase r-20261123-0312-k7qm --entry 12 --reason "request 2026-114"
    """
    if is_due:
        if run or entries or reason or although_kept:
            raise click.UsageError("--due takes no RUN and no reason: the setting is the reason.")
        _erase_what_is_due(confirm)
        return
    if not (run and reason):
        raise click.UsageError("Give RUN and --reason, or --due.")
    from runbook_keys.operations.record.erase import erasable, erase

    async def work(services: Services) -> int:
        what = await erasable(services, run, entries, although_kept=although_kept)
        numbers = ", ".join(str(seq) for seq in sorted({seq for seq, _ in what.pieces}))
        click.echo("\n".join(hanging("", f"The material of entry {numbers} will be gone.")))
        if (confirm or typed(what.run, "erase it", "erased")) != what.run:
            raise KeysError("That is not the run's name. Nothing was erased.")
        return await erase(services, me(), what, reason)

    say(_erased_lines(with_services(work)))


def _erase_what_is_due(confirm: str) -> None:
    """List what is due, then erase it once its count was typed, or given as `confirm`."""
    from runbook_keys.operations.record.retention import due, erase_due, refuse_while_doubtful

    async def work(services: Services) -> Erased | None:
        what = await due(services)
        say(_due_lines(what, services.config.retention.erase_after_days))
        if not what.count:
            return None
        refuse_while_doubtful(services, what)
        if (confirm or typed(f"{what.count}", "erase them", "erased")) != f"{what.count}":
            raise KeysError(f"There are {what.count} pieces. Nothing was erased.")
        return await erase_due(services, me(), what)

    erased = with_services(work)
    if erased is None:
        return
    say(_erased_lines(erased.pieces))
    for run in erased.left:
        say(hanging("Left: ", f"{run}, because somebody is adding to it. Try again later."))


def _due_lines(what: Due, days: int | None) -> list[str]:
    if days is None:
        return hanging("", "Nothing is ever due: keys.toml has no erase_after_days under [retention].")
    lines = [
        f"{run.what.run}  ended {run.ended_at:%Y-%m-%d}  pieces {len(run.what.pieces)}" for run in what.runs
    ]
    for notice in what.notices:
        lines += hanging("Note: ", notice)
    return [
        *lines,
        f"Due: {what.amount if what.count else 'nothing'}, by retention.erase_after_days = {days}.",
    ]


def _erased_lines(count: int) -> list[str]:
    """What is said after an erasure of so many pieces."""
    return [
        f"Erased: {count}. `keys verify` says whether the record is whole.",
        "Backups, copies and bundles that were exported before are beyond this command.",
    ]
