"""`keys anchor`: send what keeps the record honest elsewhere. And one try by itself, after a run's last screen."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from runbook_keys.cli.endings import Exit
from runbook_keys.cli.opening import say, show_json, with_services
from runbook_keys.cli.text import hanging

if TYPE_CHECKING:
    from runbook_keys.operations.record.anchor import Anchored

SHORT_SECONDS = 5.0
"""How long a person who has just ended a run waits for each anchor at most."""


@click.command("anchor")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def anchor_command(as_json: bool) -> None:
    """Send checkpoints to the anchors of keys.toml: what is pending, in one try. For every night, and by hand.

    Example: keys anchor
    """
    from runbook_keys.operations.record.anchor import anchor

    found = with_services(anchor)
    show_json(found) if as_json else say(anchor_lines(found))
    sys.exit(Exit.OK if all(each.is_done for each in found) else Exit.FAILED)


def anchor_lines(found: Sequence[Anchored]) -> list[str]:
    """Per anchor what was done, what it lacks and since when, and why."""
    lines = []
    for each in found:
        done = f"{each.sent} sent" if each.sent else "nothing sent"
        since = f" since {each.since}" if each.since else ""
        lacks = f"{each.lacks} entries lack{since}" if each.lacks else "nothing is pending"
        lines += hanging("", f"{each.place[:1].upper()}{each.place[1:]}: {done}, {lacks}.")
        lines += hanging("  ! ", each.why) if each.why else []
    return lines


def anchor_after_run() -> None:
    """Try once, for a short time. Whatever goes wrong is one line: the run has ended, and nothing depends on this."""
    from runbook_keys.operations.record.anchor import anchor

    try:
        found = with_services(lambda services: anchor(services, SHORT_SECONDS))
    except Exception:  # noqa: BLE001 - how the run ended must not be hidden by anything that happens here
        found = []
    if not found or not all(each.is_done for each in found):
        click.echo("Queued: the copy of this record elsewhere is not up to date. Later: `keys anchor`.")
