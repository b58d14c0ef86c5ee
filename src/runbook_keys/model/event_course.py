"""The events that drive a run from its opening to its end, and what every event is.

Past tense, frozen, tagged by class name. Outputs, input values and the pack's text are not in here but in salted
blobs; a `*_blob` field holds the blob's digest (hex SHA-256 over salt and content).
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from runbook_keys.model.key import KeyRecord, PinnedKey
from runbook_keys.model.outcome import OutcomeKind, Role, Settlement, Verdict
from runbook_keys.model.runbook import Ending, SafetyClass, Target


class RunKind(StrEnum):
    """A run for a real incident, or practice: followed by a script, or by a person who learns."""

    INCIDENT = "incident"
    DRILL = "drill"
    TRAINING = "training"

    @property
    def is_practice(self) -> bool:
        """True where nothing real is at stake."""
        return self is not RunKind.INCIDENT


class BranchReason(StrEnum):
    """Why a way out was taken."""

    MATCHED = "matched"
    NOTHING_MATCHED = "nothing-matched"
    ANSWERED = "answered"
    OVERRULED = "overruled"


class Event(Struct, frozen=True, tag=True, gc=False):
    """A fact about a run."""


class RunOpened(Event, frozen=True, tag=True):
    """A run began: of which text, with which inputs, for which incident.

    `pack_digest` names the exact text; `value_digests` maps input names to keyed digests of their values;
    `pack_blob` and `inputs_blob` hold the text and the values that are not secret.
    `approvers` may approve what can't be undone (empty: anybody); `needs_second_person`: not who opened the run.
    `came_from` is the run of the same incident that handed over to this one.
    `alerted_at` (RFC 3339) is when the alert fired, empty where nobody knows.
    `time_scale` is 1 but for drills on a compressed clock. `keys` are the KEYS that its blocks call, as they were then.
    """

    slug: str
    version: str
    pack_digest: str
    pack_blob: str
    inputs_blob: str
    value_digests: dict[str, str]
    first_step: str
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


class RunResumed(Event, frozen=True, tag=True):
    """A driver took the run up again; `changed_inputs` names the values that differ from those it was opened with."""

    changed_inputs: tuple[str, ...] = ()


class StepEntered(Event, frozen=True, tag=True):
    """The run stands at a step for the `visit`-th time; its first check is due at `due_at` (RFC 3339; empty: at once)."""

    step: str
    visit: int
    due_at: str = ""


class VerificationDue(Event, frozen=True, tag=True):
    """A scheduled check's time has come; `check` counts from 1."""

    step: str
    check: int


class WatchContinued(Event, frozen=True, tag=True):
    """A repeated check was good; the next one is due at `due_at` (RFC 3339). `check` is the one that was done."""

    step: str
    check: int
    due_at: str


class ApprovalGranted(Event, frozen=True, tag=True):
    """A person said yes to exactly this: `binding` is the digest of all that was shown. `expires_at` is RFC 3339."""

    step: str
    role: Role
    attempt: int
    binding: str
    expires_at: str
    reason: str = ""


class ApprovalDropped(Event, frozen=True, tag=True):
    """Nothing could be started on an approval, for the reason `why`; the same is asked anew."""

    step: str
    why: str


class AttemptStarted(Event, frozen=True, tag=True):
    """The intent: durable before anything is spawned. `command_digest` is the SHA-256 of the exact text."""

    step: str
    role: Role
    attempt: int
    safety: SafetyClass
    language: str
    command: str
    command_digest: str
    value_names: tuple[str, ...] = ()
    binding: str = ""


class AttemptFinished(Event, frozen=True, tag=True):
    """The outcome of an attempt. `capture` names the value that later steps read from this output; `key` the KEY called."""

    step: str
    role: Role
    attempt: int
    outcome: OutcomeKind
    exit_code: int | None = None
    why: str = ""
    duration_ms: int = 0
    enforcement: str = ""
    output_blob: str = ""
    capture: str = ""
    is_truncated: bool = False
    key: KeyRecord | None = None


class LeftoverCut(Event, frozen=True, tag=True):
    """A person has the command of an attempt ended whose driver is gone; written before the signals are sent.

    `processes` are names and numbers, as they were shown.
    """

    step: str
    role: Role
    attempt: int
    processes: tuple[str, ...]
    reason: str


class OutcomeSettled(Event, frozen=True, tag=True):
    """It became known whether an unknown change happened: by a probe or by a person with a reason."""

    step: str
    attempt: int
    settlement: Settlement
    reason: str = ""


class ChoiceAsked(Event, frozen=True, tag=True):
    """The step's ways out carry no conditions: a person who has seen the output picks one."""

    step: str


class StepSkipped(Event, frozen=True, tag=True):
    """A person passed over a looking step."""

    step: str
    reason: str


class BranchTaken(Event, frozen=True, tag=True):
    """The run took a way out. `is_limit_reached` says that it had been taken too often and its `then` counts."""

    step: str
    branch: int
    words: str
    target: Target
    because: BranchReason
    verdicts: tuple[Verdict, ...] = ()
    is_limit_reached: bool = False
    reason: str = ""


class WayOverruled(Event, frozen=True, tag=True):
    """A person left the tree's way and went to another step, with a reason."""

    step: str
    to: str
    reason: str


class ActionRolledBack(Event, frozen=True, tag=True):
    """An action was undone, and its check says that the undo worked."""

    step: str


class RollbackSkipped(Event, frozen=True, tag=True):
    """There was nothing to undo: the action was never started, or is undone already."""

    step: str


class RollbackFailed(Event, frozen=True, tag=True):
    """An undo did not work, or nobody can tell. The run escalates."""

    step: str
    why: str


class EscalationDue(Event, frozen=True, tag=True):
    """The time after which the runbook says to escalate has passed."""

    after_seconds: int


class EscalationPostponed(Event, frozen=True, tag=True):
    """A person goes on all the same, with a reason; the time runs again from here."""

    reason: str


class ClosingBegun(Event, frozen=True, tag=True):
    """The run's ending is decided; what section 9 asks for is collected before it ends."""

    ending: Ending
    step: str
    hand_off: str = ""


class EvidenceRecorded(Event, frozen=True, tag=True):
    """One item of section 9 was answered (`blob`), or honestly is not known (`blob` empty)."""

    item: int
    words: str
    blob: str = ""


class RunEnded(Event, frozen=True, tag=True):
    """The run is over. `undoable` names the actions that are still in place and can be undone."""

    ending: Ending
    undoable: tuple[str, ...] = ()
    hand_off: str = ""


CourseEvent = (
    RunOpened
    | RunResumed
    | StepEntered
    | VerificationDue
    | WatchContinued
    | ApprovalGranted
    | ApprovalDropped
    | AttemptStarted
    | AttemptFinished
    | LeftoverCut
    | OutcomeSettled
    | ChoiceAsked
    | StepSkipped
    | BranchTaken
    | WayOverruled
    | ActionRolledBack
    | RollbackSkipped
    | RollbackFailed
    | EscalationDue
    | EscalationPostponed
    | ClosingBegun
    | EvidenceRecorded
    | RunEnded
)
"""What drives a run."""
