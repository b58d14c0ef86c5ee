"""What a person (or an agent) answers to a view. A surface makes these; the engine decides whether they count."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from runbook_keys.model.outcome import Settlement


class Proceed(Struct, frozen=True):
    """Run the looking step that is on the screen."""


class Approve(Struct, frozen=True):
    """Yes to the change on the screen. `typed_label` and `reason` are what an irreversible one asks for."""

    typed_label: str = ""
    reason: str = ""


class Choose(Struct, frozen=True):
    """Take the way out with this 0-based number. `reason` where the machine would have decided."""

    branch: int
    reason: str = ""


class Skip(Struct, frozen=True):
    """Pass over a looking step, for a reason."""

    reason: str


class GoTo(Struct, frozen=True):
    """Leave the tree's way and go on at the step `label`, for a reason."""

    label: str
    reason: str


class Settle(Struct, frozen=True):
    """Say whether a change whose outcome is unknown happened, and how you know."""

    settlement: Settlement
    reason: str = ""


class Escalate(Struct, frozen=True):
    """Stop here and call the people named in section 8."""

    reason: str = ""


class GoOn(Struct, frozen=True):
    """The time to escalate has come; go on all the same, for a reason."""

    reason: str


class Abandon(Struct, frozen=True):
    """End the run without a verified recovery, for a reason."""

    reason: str


class AddNote(Struct, frozen=True):
    """Put a note on the record."""

    text: str


class AttachFile(Struct, frozen=True):
    """Put a file on the record, as evidence."""

    name: str
    content: bytes


class DeclareBreach(Struct, frozen=True):
    """Personal data is concerned; somebody knows of it since `aware_at` (None: now). `text` says how it became known."""

    aware_at: datetime | None = None
    text: str = ""


class Answer(Struct, frozen=True):
    """An answer to a question of section 9; empty text means: not known."""

    text: str = ""


class Wait(Struct, frozen=True):
    """Stay here until the next check is due."""


class Leave(Struct, frozen=True):
    """Leave the run as it stands; it can be resumed."""


Reply = (
    Proceed
    | Approve
    | Choose
    | Skip
    | GoTo
    | Settle
    | Escalate
    | GoOn
    | Abandon
    | AddNote
    | AttachFile
    | DeclareBreach
    | Answer
    | Wait
    | Leave
)
