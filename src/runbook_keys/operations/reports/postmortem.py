"""Write the draft of a post-mortem, with a picture of each run."""

from __future__ import annotations

from msgspec import Struct

from runbook_keys.book.markdown import as_html
from runbook_keys.evidence.plots_timeline import timeline
from runbook_keys.evidence.postmortem.draft import postmortem
from runbook_keys.evidence.printed_page import printed
from runbook_keys.operations.services import Services
from runbook_keys.operations.stories import stories_of_incident

DRAFT = "postmortem.md"


class PostmortemDraft(Struct, frozen=True):
    """The files of a draft by name (`postmortem.md` and its pictures), the runs they tell of, what is left to answer."""

    files: dict[str, bytes]
    runs: tuple[str, ...]
    questions: int


async def draft(services: Services, run: str, *, is_for_paper: bool = False) -> PostmortemDraft:
    """The draft for the incident of `run` (empty: the latest open one); `is_for_paper`: as PDF in the place of the pictures.

    Raises RunNotFound, JournalDamaged, PrintingUnavailable.
    """
    stories = await stories_of_incident(services, run)
    pictures = {f"timeline-{story.summary.run}.svg": timeline(story).encode() for story in stories}
    now = services.clock.now()
    text = postmortem(stories, list(pictures), now)
    files = {DRAFT: text.encode(), **pictures}
    if is_for_paper:
        left = f"Post-mortem of incident {stories[0].summary.incident}"
        paper = printed(as_html(text).encode(), now.date(), left, "Draft, written from the record")
        files = {DRAFT: text.encode(), "postmortem.pdf": services.printer.pdf(paper, pictures)}
    questions = text.count("\n> **Question ")
    return PostmortemDraft(files, tuple(story.summary.run for story in stories), questions)
