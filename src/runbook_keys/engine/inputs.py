"""What the engine is told. It checks each input first; a refused one changes nothing."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from runbook_keys.model.breach import BreachDetail
from runbook_keys.model.event import RunKind
from runbook_keys.model.key import KeyRecord, PinnedKey
from runbook_keys.model.outcome import OutcomeKind, Role, Settlement, Verdict


class Open(Struct, frozen=True):
    """Open a run of the runbook that the engine is given; the fields are those of `RunOpened`."""

    slug: str
    version: str
    pack_digest: str
    pack_blob: str
    inputs_blob: str
    value_digests: dict[str, str]
    incident: str
    kind: RunKind = RunKind.INCIDENT
    time_scale: int = 1
    accepted_findings: str = ""
    keys: tuple[PinnedKey, ...] = ()
    came_from: str = ""
    opened_by: str = ""
    approvers: tuple[str, ...] = ()
    needs_second_person: bool = False
    alerted_at: str = ""


class Resume(Struct, frozen=True):
    """A driver takes the run up again."""

    changed_inputs: tuple[str, ...] = ()


class Approve(Struct, frozen=True):
    """A person, by login, said yes to what `binding` is the digest of."""

    binding: str
    typed_label: str = ""
    reason: str = ""
    by: str = ""


class DropApproval(Struct, frozen=True):
    """Nothing can be started on the approval that was given; `why` says what is in the way."""

    why: str


class Start(Struct, frozen=True):
    """The driver is about to spawn this; the intent must be durable first."""

    role: Role
    language: str
    command: str
    command_digest: str
    value_names: tuple[str, ...] = ()
    binding: str = ""


class Finish(Struct, frozen=True):
    """The attempt ended. `verdicts` say which conditions matched; `answer` is a person's 0-based way out."""

    outcome: OutcomeKind
    exit_code: int | None = None
    why: str = ""
    duration_ms: int = 0
    enforcement: str = ""
    output_blob: str = ""
    is_truncated: bool = False
    verdicts: tuple[Verdict, ...] = ()
    answer: int | None = None
    key: KeyRecord | None = None


class CutLeftover(Struct, frozen=True):
    """A person has the command of an earlier driver ended, for a reason; it must be durable before the signals."""

    processes: tuple[str, ...]
    reason: str


class Choose(Struct, frozen=True):
    """A person picks a way out, 0-based."""

    branch: int
    reason: str = ""


class Skip(Struct, frozen=True):
    """A person passes over a looking step."""

    reason: str


class Overrule(Struct, frozen=True):
    """A person leaves the tree's way for another step."""

    label: str
    reason: str


class Settle(Struct, frozen=True):
    """A person says what became of an unknown change."""

    settlement: Settlement
    reason: str


class Tick(Struct, frozen=True):
    """Time has passed: a check may be due, or the time to escalate has come."""


class Escalate(Struct, frozen=True):
    """A person calls for help; the run ends here."""

    reason: str = ""


class GoOn(Struct, frozen=True):
    """A person goes on although the time to escalate has come."""

    reason: str


class Abandon(Struct, frozen=True):
    """A person ends the run without a verified recovery."""

    reason: str


class Note(Struct, frozen=True):
    """A person adds a note that lies in the blob."""

    blob: str


class Score(Struct, frozen=True):
    """A training is over; the fields are those of `TrainingScored`."""

    person: str
    drill: str
    seconds: int
    wrong_turns: int
    skipped: int
    is_passed: bool


class Doubt(Struct, frozen=True):
    """A person says that a step of this text is wrong; the fields are those of `StepDoubted`."""

    step: str
    step_digest: str
    words_blob: str


class BecomeAware(Struct, frozen=True):
    """A person knows of a breach of personal data; `aware_at` is None for now. `blob` holds their words, if any."""

    aware_at: datetime | None = None
    blob: str = ""


class DetailBreach(Struct, frozen=True):
    """A person adds to the record of a breach; `happened_at` is for what was done at a moment."""

    detail: BreachDetail
    blob: str = ""
    happened_at: datetime | None = None


class AssignFollowUp(Struct, frozen=True):
    """A person gives follow-up `item` (0-based) to somebody."""

    item: int
    to: str


class CompleteFollowUp(Struct, frozen=True):
    """A person says that follow-up `item` (0-based) is done; `blob` holds their note, if any."""

    item: int
    blob: str = ""


class Read(Struct, frozen=True):
    """Somebody reads the record; `what` of it they are given."""

    what: str


class Attach(Struct, frozen=True):
    """A person adds a file of `size` bytes; `blob` is the digest of its sealed content."""

    name: str
    size: int
    blob: str


class Erase(Struct, frozen=True):
    """A person has material erased, for a reason: `digests` of what `entries` speak of."""

    digests: tuple[str, ...]
    entries: tuple[int, ...]
    reason: str


class Record(Struct, frozen=True):
    """An item of section 9: the blob of its answer, empty where it is not known."""

    blob: str = ""


Input = (
    Open
    | Resume
    | Approve
    | DropApproval
    | Start
    | Finish
    | CutLeftover
    | Choose
    | Skip
    | Overrule
    | Settle
    | Tick
    | Escalate
    | GoOn
    | Abandon
    | Note
    | Attach
    | Doubt
    | BecomeAware
    | DetailBreach
    | AssignFollowUp
    | CompleteFollowUp
    | Read
    | Erase
    | Score
    | Record
)
