"""`keys erase --due`: what the settings of `keys.toml` say is to go, shown, confirmed, erased."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from runbook_keys.cli.followups import me
from runbook_keys.cli.opening import say, with_services
from runbook_keys.cli.text import hanging
from runbook_keys.errors import KeysError

if TYPE_CHECKING:
    from runbook_keys.operations.retention import Due, Erased
    from runbook_keys.operations.services import Services


def erase_what_is_due(confirm: str) -> None:
    """List what is due, then erase it once its count was typed, or given as `confirm`."""
    from runbook_keys.operations.retention import due, erase_due, refuse_while_doubtful

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
    say(erased_lines(erased.pieces))
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


def erased_lines(count: int) -> list[str]:
    """What is said after an erasure of so many pieces."""
    return [
        f"Erased: {count}. `keys verify` says whether the record is whole.",
        "Backups, copies and bundles that were exported before are beyond this command.",
    ]


def typed(word: str, purpose: str, done: str) -> str:
    """What a person types; silence is never yes."""
    if not sys.stdin.isatty():
        raise KeysError(f"Nobody can be asked here. Give --confirm {word} as well. Nothing was {done}.")
    return str(click.prompt(f"Type {word} to {purpose}", default="", show_default=False))
