"""How a command ends: named exit codes, and the last words on the screen."""

from __future__ import annotations

from enum import IntEnum

from runbook_keys.cli.text import RULE, hanging, safe
from runbook_keys.model.runbook import Ending
from runbook_keys.operations.runs.run import RunReport


class Exit(IntEnum):
    """The exit codes of `keys`; docs/reference/exit-codes.md explains each."""

    OK = 0
    FAILED = 1
    USAGE = 2
    BUG = 3
    ESCALATED = 4
    HANDED_OFF = 5
    UNVERIFIED = 6
    WAITING = 7
    INTERRUPTED = 130


EXIT_OF = {
    Ending.RESOLVED: Exit.OK,
    Ending.STOPPED: Exit.OK,
    Ending.ESCALATED: Exit.ESCALATED,
    Ending.HANDED_OFF: Exit.HANDED_OFF,
    Ending.UNVERIFIED: Exit.UNVERIFIED,
    Ending.ABANDONED: Exit.UNVERIFIED,
    None: Exit.WAITING,
}


def last_words(report: RunReport) -> list[str]:
    """The end screen: the cap that says that the list is finished, or that it is not."""
    head = "The run waits; nothing runs now." if report.ending is None else f"END: {report.ending}"
    lines = [RULE, head, *(line for each in report.handover for line in hanging("  ", safe(each)))]
    if report.not_started:
        lines += hanging("  ! ", f"The next runbook was not started: {safe(report.not_started)}")
    for before in report.before:
        lines += hanging("  ", f"Before it: {safe(before.slug)}, run {before.run}, {before.ending}")
    lines += hanging(
        "", f"Journal: {report.entries} entries. `keys show {report.run}`, `keys verify {report.run}`"
    )
    return lines
