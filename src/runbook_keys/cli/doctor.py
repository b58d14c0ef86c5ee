"""`keys doctor`: what is still missing for each runbook to be usable tonight."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from runbook_keys.cli.endings import Exit
from runbook_keys.cli.opening import say, show_json, with_services
from runbook_keys.cli.text import hanging, safe

if TYPE_CHECKING:
    from runbook_keys.operations.library.doctor import Diagnosis


@click.command("doctor")
@click.argument("slugs", nargs=-1, metavar="[SLUG]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def doctor_command(slugs: tuple[str, ...], as_json: bool) -> None:
    """Say what is still missing for the runbooks to be usable here tonight. Runs nothing of them.

    Example: keys doctor stripe-webhook-failure
    """
    from runbook_keys.operations.library.doctor import examine

    found = with_services(lambda services: examine(services, slugs))
    show_json(found) if as_json else say(_lines(found))
    sys.exit(Exit.OK if all(each.is_usable for each in found) else Exit.FAILED)


def _lines(found: Sequence[Diagnosis]) -> list[str]:
    lines = [line for each in found for line in _diagnosis(each)]
    runbooks = [each for each in found if each.slug]
    usable = sum(each.is_usable for each in runbooks)
    return [*lines, f"{usable} of {len(runbooks)} runbooks could be followed here tonight."]


def _diagnosis(found: Diagnosis) -> list[str]:
    verdict = "ready" if found.is_usable else "NOT ready"
    lines = [f"{safe(found.slug) or 'This machine'}: {verdict}"]
    for symptom in found.symptoms:
        lines += hanging("  ! " if symptom.is_stopping else "  - ", safe(symptom.what))
        lines += hanging("      ", safe(symptom.do))
    return lines
