"""`keys show SLUG --paper FILE`: a runbook for a night without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runbook_keys.cli.opening import say, with_services
from runbook_keys.cli.text import hanging, safe
from runbook_keys.cli.writing import write_told

if TYPE_CHECKING:
    from runbook_keys.operations.reports.sheet import PrintedSheet
    from runbook_keys.operations.services import Services


def write_paper(slug: str, file: Path) -> None:
    """Write the printed pages of the runbook `slug`; say how many they are and how large the letters."""
    if not slug or slug.startswith("r-"):
        raise click.UsageError("Name the runbook to print: keys show SLUG --paper FILE.")
    printed = with_services(lambda services: _printed(services, slug))
    write_told(file, printed.pdf, "Name another file.")
    words, commands = printed.points
    size = f"words in {words:g} points, commands in {commands:g}"
    say(hanging("", f"{safe(str(file))}: {printed.pages} pages A4, {size}."))


async def _printed(services: Services, slug: str) -> PrintedSheet:
    from runbook_keys.bootstrap import typesetter
    from runbook_keys.operations.reports.sheet import printed_sheet

    return printed_sheet(services.library.load(slug), services.cache, typesetter())
