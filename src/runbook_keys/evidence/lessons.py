"""What earlier runs of the same runbook teach: how often, and what ended it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from runbook_keys.evidence.summary import RunSummary
from runbook_keys.model.runbook import Ending

_TIMES = {1: "once", 2: "twice"}


def earlier(runs: Iterable[RunSummary], slug: str) -> str:
    """One or two sentences for whoever starts `slug` now; empty where it never came to anything before.

    Practice does not count, nor runs that found that it was another incident.
    """
    real = [run for run in runs if run.slug == slug and not run.is_practice and _was_this(run)]
    if not real:
        return ""
    return f"This happened {_times(len(real))} before. {_endings(real)}".rstrip()


def _was_this(run: RunSummary) -> bool:
    return run.ending not in (None, Ending.STOPPED, Ending.HANDED_OFF)


def _endings(runs: list[RunSummary]) -> str:
    mended = Counter(", ".join(run.kept) for run in runs if run.ending is Ending.RESOLVED and run.kept)
    parts = [f"{actions} fixed it {_times(count)}" for actions, count in mended.most_common(3)]
    parts += [
        f"it was escalated {_times(count)}"
        for count in [sum(run.ending is Ending.ESCALATED for run in runs)]
        if count
    ]
    words = "; ".join(parts)
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _times(count: int) -> str:
    return _TIMES.get(count, f"{count} times")
