"""The events beside the course of a run: they change nothing about where it stands, and may follow its end.

What people said or handed in is not in here but in salted blobs, as with the events of the course.
"""

from __future__ import annotations

from runbook_keys.model.breach import BreachDetail
from runbook_keys.model.event_course import Event


class NoteAdded(Event, frozen=True, tag=True):
    """A person added a note; its text is in the blob."""

    step: str
    note_blob: str


class FileAttached(Event, frozen=True, tag=True):
    """A person added a file; its content, `size` bytes, is in the blob. `name` is what they called it."""

    step: str
    name: str
    size: int
    file_blob: str


class TrainingScored(Event, frozen=True, tag=True):
    """How a person did in a training, after its end: evidence that they were trained.

    `seconds` from the first screen to the end; `wrong_turns` answers that were not right, steps that they went to against
    the tree, and actions that had to be undone; `skipped` looks that they passed over; `is_passed`: the oracle agrees.
    """

    person: str
    drill: str
    seconds: int
    wrong_turns: int
    skipped: int
    is_passed: bool


class StepDoubted(Event, frozen=True, tag=True):
    """A person says that a step of the text this run pinned is wrong; why lies in the blob.

    `step_digest` is over the step's meaning: while a later text has the same step, the doubt stands.
    """

    step: str
    step_digest: str
    words_blob: str


class BreachAware(Event, frozen=True, tag=True):
    """A person says that they know of a breach of personal data since `aware_at` (RFC 3339): 72 hours run from then."""

    aware_at: str
    note_blob: str = ""


class BreachDetailed(Event, frozen=True, tag=True):
    """A part of the record of GDPR Art. 33(5) was given; later ones add to it. `happened_at` (RFC 3339) may be empty."""

    detail: BreachDetail
    text_blob: str = ""
    happened_at: str = ""


class FollowUpAssigned(Event, frozen=True, tag=True):
    """A follow-up of section 10 (`item` counts from 0) was given to somebody."""

    item: int
    words: str
    to: str


class FollowUpDone(Event, frozen=True, tag=True):
    """A follow-up of section 10 (`item` counts from 0) was done."""

    item: int
    words: str
    note_blob: str = ""


class RecordRead(Event, frozen=True, tag=True):
    """Somebody who did not drive the run read its record: `what` they were given, `timeline` or, of a copy, its digest."""

    what: str


class MaterialErased(Event, frozen=True, tag=True):
    """Personal data goes: the material of these `digests`, which `entries` speak of. It goes in the same transaction."""

    digests: tuple[str, ...]
    entries: tuple[int, ...]
    reason: str


class ClockStepped(Event, frozen=True, tag=True):
    """The wall clock was set: by so many milliseconds forward, or (negative) back. What follows is in order all the same."""

    by_ms: int


AFTER_END = (
    NoteAdded
    | FileAttached
    | TrainingScored
    | StepDoubted
    | BreachAware
    | BreachDetailed
    | FollowUpAssigned
    | FollowUpDone
    | RecordRead
    | MaterialErased
    | ClockStepped
)
"""What may still be added to a run that is over."""
