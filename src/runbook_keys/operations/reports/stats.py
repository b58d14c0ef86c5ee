"""Figures over the runs of the journal."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from runbook_keys.errors import InvalidPack, UnknownRunbook
from runbook_keys.evidence.figures.over_runs import Figures, figures
from runbook_keys.evidence.figures.page import stats_page
from runbook_keys.evidence.summary import RunSummary
from runbook_keys.model.runbook import Runbook
from runbook_keys.operations.packs import read_pack
from runbook_keys.operations.services import Services
from runbook_keys.operations.summaries import readable


class Stats(Struct, frozen=True):
    """The figures by runbook, and which runs could not be counted, in a sentence."""

    figures: list[Figures]
    unreadable: str


async def stats(services: Services, slug: str = "", is_practice: bool = False) -> Stats:
    """The figures of each runbook (of one, where `slug` names it) over real incidents, or over practice.

    Raises UnknownRunbook for a name that is neither installed nor in the journal.
    """
    every, unreadable = await readable(services, await services.store.runs())
    if slug and slug not in {run.slug for run in every} | set(services.library.slugs()):
        raise UnknownRunbook(
            f"There is no runbook {slug}, and none was ever run. `keys list` shows what is here."
        )
    runs = [run for run in every if run.is_practice is is_practice and slug in ("", run.slug)]
    return Stats(figures(runs, _installed(services, runs)), unreadable)


def _installed(services: Services, runs: Sequence[RunSummary]) -> dict[str, Runbook]:
    found = {}
    for slug in {run.slug for run in runs} & set(services.library.slugs()):
        try:
            found[slug] = read_pack(services.library.load(slug), services.cache).runbook
        except InvalidPack:
            continue
    return found


def page_of_stats(found: Sequence[Figures], is_practice: bool) -> bytes:
    """The figures as one HTML page."""
    what = "Drills and trainings; their waits pass faster." if is_practice else "Real incidents only."
    return stats_page(found, what)
