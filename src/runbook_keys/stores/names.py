"""Which names a run may have, and what to say of a name that the journal does not hold.

Names become file names and stand in messages, so nothing else is let through.
"""

from __future__ import annotations

import re

from runbook_keys.errors import JournalDamaged, RunNotFound

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)


def checked(run: str) -> str:
    """The name itself, or RunNotFound: no run can be called that."""
    if not _NAME.fullmatch(run):
        raise RunNotFound(f"No run can have the name {run!a}. `keys runs` lists the runs.")
    return run


def not_found(run: str) -> RunNotFound:
    """What to raise where the journal holds no run of this name."""
    return RunNotFound(f"The journal holds no run {run}. `keys runs` lists the runs.")


def changed_material(digest: str) -> JournalDamaged:
    """What to raise where the material is not what its digest says."""
    return JournalDamaged(
        f"The material {digest[:16]!a} was changed after it was written. Run `keys verify`."
    )


def no_material(digest: str) -> JournalDamaged:
    """What to raise where an entry speaks of material that was never stored, or that somebody removed."""
    return JournalDamaged(f"The journal does not hold the material {digest[:16]!a}. Run `keys verify`.")
