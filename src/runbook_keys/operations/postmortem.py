"""Write the draft of a post-mortem, with a picture of each run."""

from __future__ import annotations

from msgspec import Struct

from runbook_keys.evidence.plots_timeline import timeline
from runbook_keys.evidence.postmortem import postmortem
from runbook_keys.operations.services import Services
from runbook_keys.operations.stories import stories_of_incident

DRAFT = "postmortem.md"


class PostmortemDraft(Struct, frozen=True):
    """The files of a draft by name (`postmortem.md` and its pictures), the runs they tell of, what is left to answer."""

    files: dict[str, str]
    runs: tuple[str, ...]
    questions: int


async def draft(services: Services, run: str) -> PostmortemDraft:
    """The draft for the incident of `run` (empty: the latest open one). Raises RunNotFound, JournalDamaged."""
    stories = await stories_of_incident(services, run)
    pictures = {f"timeline-{story.summary.run}.svg": timeline(story) for story in stories}
    text = postmortem(stories, list(pictures), services.clock.now())
    questions = text.count("\n> **Question ")
    return PostmortemDraft(
        {DRAFT: text, **pictures}, tuple(story.summary.run for story in stories), questions
    )
