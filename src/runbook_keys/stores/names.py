"""Which names a run may have. They become file names and stand in messages, so nothing else is let through."""

from __future__ import annotations

import re

from runbook_keys.errors import RunNotFound

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)


def checked(run: str) -> str:
    """The name itself, or RunNotFound: no run can be called that."""
    if not _NAME.fullmatch(run):
        raise RunNotFound(f"No run can have the name {run!a}. `keys runs` lists the runs.")
    return run


def not_found(run: str) -> RunNotFound:
    """What to raise where the journal holds no run of this name."""
    return RunNotFound(f"The journal holds no run {run}. `keys runs` lists the runs.")
