"""The runbook as a decision tree: sections, steps, blocks, ways out and where they lead.

Every noun carries the line of `README.md` it was read from (1-based), so that a finding, a screen and a report can
point at the text.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

ANYTHING_ELSE = "Anything else"

OWN_TIMEOUT = 0.0
"""The timeout of a `key` block that names none: what the KEY itself says counts."""


class SafetyClass(StrEnum):
    """What a step may do to the world; whatever says nothing is IRREVERSIBLE."""

    SAFE = "SAFE"
    REVERSIBLE = "REVERSIBLE"
    IRREVERSIBLE = "IRREVERSIBLE"


class StepKind(StrEnum):
    """The kinds of step, named by the letter of their label."""

    SAFETY_CHECK = "S"
    DIAGNOSIS = "D"
    ACTION = "A"
    VERIFICATION = "V"
    ROLLBACK = "R"
    EVIDENCE = "E"

    @property
    def words(self) -> str:
        """How a person calls this kind: `safety check`, `action` …"""
        return self.name.lower().replace("_", " ")

    @property
    def is_changing(self) -> bool:
        """True where the step exists to change the world, so that its class must be argued."""
        return self in (StepKind.ACTION, StepKind.ROLLBACK)


class Ending(StrEnum):
    """How a run ends."""

    RESOLVED = "RESOLVED"
    ESCALATED = "ESCALATED"
    STOPPED = "STOPPED"
    HANDED_OFF = "HANDED_OFF"
    UNVERIFIED = "UNVERIFIED"
    ABANDONED = "ABANDONED"


class GoTo(Struct, frozen=True, tag="go-to"):
    """Go on with the step `label`."""

    label: str

    def __str__(self) -> str:
        return self.label


class End(Struct, frozen=True, tag="end"):
    """End the run: `RESOLVED`, `ESCALATE` or `STOP`."""

    ending: Ending

    def __str__(self) -> str:
        return _ENDING_WORDS[self.ending]


class HandOff(Struct, frozen=True, tag="hand-off"):
    """Start the runbook `slug` in the same incident, with what is known."""

    slug: str

    def __str__(self) -> str:
        return f"HAND OFF {self.slug}"


class RollBack(Struct, frozen=True, tag="roll-back"):
    """Undo the action `label`, see that the undo worked, then go on to `then`."""

    label: str
    then: GoTo | End | HandOff

    def __str__(self) -> str:
        return f"ROLL BACK {self.label}, then {self.then}"


Target = GoTo | End | HandOff | RollBack

_ENDING_WORDS = {
    Ending.RESOLVED: "RESOLVED",
    Ending.ESCALATED: "ESCALATE",
    Ending.STOPPED: "STOP",
    Ending.HANDED_OFF: "HAND OFF",
    Ending.UNVERIFIED: "UNVERIFIED",
    Ending.ABANDONED: "ABANDONED",
}


class Branch(Struct, frozen=True):
    """One way out of a step: words, an optional condition (CEL), and where it leads.

    `at_most` bounds how often one run may take it; after that `then` is taken instead.
    """

    words: str
    target: Target
    line: int
    condition: str | None = None
    at_most: int | None = None
    then: Target | None = None

    @property
    def is_else(self) -> bool:
        """True for the way out that takes whatever no other one takes."""
        return self.condition is None and self.words.casefold().rstrip(".:") == ANYTHING_ELSE.casefold()


class Block(Struct, frozen=True):
    """One block of a step: constant text in `bash`, `sql` or `key`, and its attributes; or words in `human`.

    `key` is the slug of the KEY that a `key` block calls, `mode` what it is to do (`run`, `dry-run`, `undo`). A `human` block stands where an undo is done by hand.
    """

    language: str
    text: str
    line: int
    timeout_seconds: float = 60.0
    capture: str | None = None
    artifact: str | None = None
    on: str | None = None
    is_output_kept: bool = True
    key: str | None = None
    mode: str = "run"

    @property
    def command(self) -> str:
        """The text as it is shown, approved and recorded: before the arguments of a call stands which KEY is called."""
        if self.key is None:
            return self.text
        mode = "" if self.mode == "run" else f" ({self.mode})"
        return f"key {self.key}{mode}\n{self.text}"


class Schedule(Struct, frozen=True):
    """When a verification runs: after a delay, then perhaps again every so often for a while.

    All three are durations; `every` and `lasting` come together.
    """

    after: timedelta = timedelta(0)
    every: timedelta | None = None
    lasting: timedelta | None = None

    @property
    def repetitions(self) -> int:
        """How many checks there are in all, at least one."""
        if self.every is None or self.lasting is None or self.every <= timedelta(0):
            return 1
        return self.lasting // self.every + 1


class Step(Struct, frozen=True):
    """One place of the tree. `prose` is what a person reads and does where there is no block."""

    label: str
    kind: StepKind
    title: str
    line: int
    safety: SafetyClass
    prose: str = ""
    block: Block | None = None
    branches: tuple[Branch, ...] = ()
    is_class_declared: bool = False
    precondition: str = ""
    side_effects: str = ""
    manual_alternative: str = ""
    rollback: Block | None = None
    rollback_check: Block | None = None
    probe: Block | None = None
    schedule: Schedule | None = None

    @property
    def is_question(self) -> bool:
        """True where a human looks, acts and answers."""
        return self.block is None


class Exclusion(Struct, frozen=True):
    """One line of section 3: a situation that looks similar, and where to go instead."""

    words: str
    line: int
    target: Target | None = None


class EvidenceItem(Struct, frozen=True):
    """One line of section 9: what to record, asked of a person or collected by a block."""

    words: str
    line: int
    is_asked: bool = False
    block: Block | None = None


class Section(Struct, frozen=True):
    """One of the ten sections: its number, its title as written, its first and last line."""

    number: int
    title: str
    line: int
    end_line: int


class Runbook(Struct, frozen=True):
    """A whole runbook, in the order of its text."""

    title: str
    sections: tuple[Section, ...] = ()
    steps: tuple[Step, ...] = ()
    covers: tuple[str, ...] = ()
    does_not_cover: tuple[str, ...] = ()
    when_to_use: tuple[str, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    do_not: tuple[str, ...] = ()
    roll_back_when: tuple[str, ...] = ()
    escalate_when: tuple[str, ...] = ()
    escalate_to: tuple[str, ...] = ()
    escalate_after: timedelta | None = None
    evidence: tuple[EvidenceItem, ...] = ()
    compliance: tuple[str, ...] = ()
    follow_ups: tuple[str, ...] = ()

    def step(self, label: str) -> Step | None:
        """The first step with this label, or None."""
        return next((step for step in self.steps if step.label == label), None)

    @property
    def first_step(self) -> Step | None:
        """Where a run begins: the first safety check, else the first step of all."""
        checks = (step for step in self.steps if step.kind is StepKind.SAFETY_CHECK)
        return next(checks, self.steps[0] if self.steps else None)
