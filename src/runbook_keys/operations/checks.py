"""May this pack be run? What would leave a person without a next step is refused before the run starts."""

from __future__ import annotations

from runbook_keys.errors import InvalidPack
from runbook_keys.operations.packs import OpenPack

MOST_SHOWN = 10


def refuse_unsound(opened: OpenPack, accepted_because: str) -> None:
    """Raises InvalidPack naming what `README.md` leaves unclear, unless a person gave a reason to go on."""
    problems = opened.book.problems
    if not problems or accepted_because.strip():
        return
    lines = "\n".join(f"  README.md:{problem.line}: {problem.reason}" for problem in problems[:MOST_SHOWN])
    raise InvalidPack(
        f"{opened.metadata.slug} has {len(problems)} faults on the page; the run has not started.\n{lines}\n"
        "`keys check` says how to mend them. To run it all the same: --accept-findings REASON."
    )
