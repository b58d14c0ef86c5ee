"""What a surface shows: everything a person needs for the next answer, and nothing to decide.

All texts are raw (untrusted); each surface makes them safe for its own sink.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from runbook_keys.model.outcome import Observation, OutcomeKind, Role
from runbook_keys.model.runbook import Block, Ending, SafetyClass, Step


class Asking(StrEnum):
    """What the view asks for."""

    LOOK = "look"  # run a looking step: Proceed
    QUESTION = "question"  # a human step: Choose
    APPROVAL = "approval"  # a change: Approve
    ROLLBACK = "rollback"  # an undo: Approve
    CHOICE = "choice"  # which way out: Choose
    UNKNOWN = "unknown"  # did the change happen: Settle
    ESCALATION = "escalation"  # the time has come: Escalate or GoOn
    WATCHING = "watching"  # nothing to do until due: Wait or Leave
    EVIDENCE = "evidence"  # a question of section 9: Answer
    NOTHING = "nothing"  # the run has ended


class WayOut(Struct, frozen=True):
    """One answer on the screen: its words, its condition, where it leads in words, how often it may still be taken."""

    words: str
    condition: str | None
    leads_to: str
    remaining: int | None = None


class Shown(Struct, frozen=True):
    """One value that the command reads: its name, and the value unless it is secret."""

    name: str
    value: str | None


class LastResult(Struct, frozen=True):
    """What the step before showed and why it led here."""

    step: str
    title: str
    outcome: OutcomeKind | None
    observation: Observation
    words: str
    leads_to: str
    because: str
    why_not: tuple[str, ...] = ()
    enforcement: str = ""
    duration_ms: int = 0
    why: str = ""


class Undoable(Struct, frozen=True):
    """An action that is in place and can be undone."""

    label: str
    title: str


class Breach(Struct, frozen=True):
    """The clock of GDPR Art. 33: the authority must know by `notify_by`; `seconds_left` is negative once that has passed.

    `is_decided`: it is on record that the authority was told, or why not.
    """

    aware_at: datetime
    notify_by: datetime
    seconds_left: int
    is_decided: bool


class View(Struct, frozen=True):
    """One screen."""

    asking: Asking
    run: str
    slug: str
    runbook: str
    elapsed_seconds: int
    path: tuple[str, ...] = ()
    undoable: tuple[Undoable, ...] = ()
    do_not: tuple[str, ...] = ()
    step: Step | None = None
    role: Role = Role.WORK
    block: Block | None = None
    safety: SafetyClass = SafetyClass.SAFE
    values: tuple[Shown, ...] = ()
    ways_out: tuple[WayOut, ...] = ()
    last: LastResult | None = None
    attempt: int = 1
    message: str = ""
    question: str = ""
    due_at: datetime | None = None
    check: int = 0
    checks: int = 0
    escalate_in_seconds: int | None = None
    approvers: tuple[str, ...] = ()
    not_by: str = ""
    escalate_to: tuple[str, ...] = ()
    ending: Ending | None = None
    hand_off: str = ""
    handover: tuple[str, ...] = ()
    is_practice: bool = False
    breach: Breach | None = None
