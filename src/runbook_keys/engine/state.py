"""The state of a run: a fold of its events, never stored."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from runbook_keys.engine.transitions import Phase
from runbook_keys.model.breach import BreachDetail
from runbook_keys.model.event import ApprovalGranted, AttemptFinished, AttemptStarted, ClosingBegun, RunOpened
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import Ending, RollBack


class State(Struct, frozen=True):
    """What has happened so far, as far as it matters for what may happen next.

    Counters are keyed by text: `visits` by step label, `attempts` by `label/role`, `taken` by `label/branch`.
    `in_place` are the actions that were started and are neither undone nor known not to have happened, oldest first.
    `captures` maps value names to the blob of the output they come from.
    `aware_at` is the earliest moment at which somebody says they knew of a breach of personal data; `breach` is what is
    on record about it.
    """

    phase: Phase = Phase.NEW
    opened: RunOpened | None = None
    opened_at: datetime | None = None
    last_at: datetime | None = None
    step: str = ""
    tries: int = 0
    check: int = 0
    due_at: datetime | None = None
    approval: ApprovalGranted | None = None
    running: AttemptStarted | None = None
    finished: AttemptFinished | None = None
    unknown: AttemptStarted | None = None
    is_probed: bool = False
    rolling_back: RollBack | None = None
    undo_role: Role = Role.ROLLBACK
    is_undo_open: bool = False
    visits: dict[str, int] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    captures: dict[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    in_place: tuple[str, ...] = ()
    undoable: tuple[str, ...] = ()
    is_change_unverified: bool = False
    has_verified: bool = False
    skipped_verifications: frozenset[str] = frozenset()
    escalation_from_at: datetime | None = None
    phase_before_overdue: Phase = Phase.STANDING
    closing: ClosingBegun | None = None
    evidence_done: int = 0
    ending: Ending | None = None
    hand_off: str = ""
    aware_at: datetime | None = None
    breach: frozenset[BreachDetail] = frozenset()

    def attempt_number(self, step: str, role: Role) -> int:
        """The number that the next attempt of this block gets, from 1."""
        return self.attempts.get(f"{step}/{role}", 0) + 1

    def times_taken(self, step: str, branch: int) -> int:
        """How often this run took this way out."""
        return self.taken.get(f"{step}/{branch}", 0)
