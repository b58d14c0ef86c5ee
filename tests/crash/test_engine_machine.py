"""Any inputs in any order over the pure engine: what it decides always keeps the promises, and can be folded again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from runbook_keys.engine import effects as f
from runbook_keys.engine import inputs as i
from runbook_keys.engine.decide import decide
from runbook_keys.engine.evolve import evolve
from runbook_keys.engine.state import State
from runbook_keys.engine.transitions import Phase
from runbook_keys.errors import Refused
from runbook_keys.journal.conduct import check_conduct
from runbook_keys.model import event as e
from runbook_keys.model.outcome import OutcomeKind, Role, Settlement, Verdict
from runbook_keys.model.runbook import (
    Block,
    Branch,
    End,
    Ending,
    EvidenceItem,
    GoTo,
    RollBack,
    Runbook,
    SafetyClass,
    Step,
    StepKind,
)

DIGEST = sha256(b"x").hexdigest()
AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
LABELS = ("D1", "D2", "A1", "A2", "V1")


def _block(text: str) -> Block:
    return Block("bash", text, 1)


def _step(label: str, block: Block | None, *branches: Branch, **more: Any) -> Step:
    safety = more.pop("safety", SafetyClass.SAFE)
    return Step(label, StepKind(label[0]), label, 1, safety, "", block, branches, **more)


def _when(target: Any, **more: Any) -> Branch:
    return Branch("Yes", target, 1, "exit_code == 0", **more)


def _else(target: Any, **more: Any) -> Branch:
    return Branch("Anything else", target, 1, **more)


RUNBOOK = Runbook(
    title="Machine",
    steps=(
        _step("D1", _block("look"), _when(GoTo("A1")), _else(GoTo("D2"))),
        _step("D2", None, Branch("Yes", GoTo("A2"), 1), Branch("No", End(Ending.STOPPED), 1)),
        _step(
            "A1",
            _block("change"),
            _when(GoTo("V1")),
            _else(RollBack("A1", End(Ending.ESCALATED))),
            safety=SafetyClass.REVERSIBLE,
            rollback=_block("undo"),
            rollback_check=_block("undone"),
        ),
        _step("A2", _block("drop"), _when(GoTo("V1")), _else(GoTo("V1")), safety=SafetyClass.IRREVERSIBLE),
        _step(
            "V1",
            _block("verify"),
            _when(End(Ending.RESOLVED)),
            _else(GoTo("D1"), at_most=2, then=End(Ending.ESCALATED)),
        ),
    ),
    escalate_after=timedelta(minutes=30),
    evidence=(EvidenceItem("Root cause", 1, is_asked=True), EvidenceItem("Log", 1, block=_block("tail"))),
)

texts = st.sampled_from(["", " ", "because", "\x1b[2J"])
outcomes = st.sampled_from([OutcomeKind.SUCCEEDED] * 6 + list(OutcomeKind))
codes = st.sampled_from([0, 0, 0, 0, None, 1, 2, 255])
inputs = st.one_of(
    st.builds(i.Resume),
    st.builds(i.DropApproval, why=texts),
    st.builds(
        i.Approve,
        binding=st.sampled_from(["", "b", "c"]),
        typed_label=st.sampled_from(["", *LABELS]),
        reason=texts,
    ),
    st.builds(
        i.Start,
        role=st.sampled_from(list(Role)),
        language=st.just("bash"),
        command=st.just("x"),
        command_digest=st.just(DIGEST),
        binding=st.sampled_from(["", "b", "c"]),
    ),
    st.builds(i.Choose, branch=st.integers(-2, 3), reason=texts),
    st.builds(i.Skip, reason=texts),
    st.builds(i.Overrule, label=st.sampled_from(["", "X9", *LABELS]), reason=texts),
    st.builds(i.Settle, settlement=st.sampled_from(list(Settlement)), reason=texts),
    st.builds(i.Tick),
    st.builds(i.Escalate, reason=texts),
    st.builds(i.GoOn, reason=texts),
    st.builds(i.Note, blob=st.just("n")),
    st.builds(i.Record, blob=texts),
    st.builds(i.CutLeftover, processes=st.just(("bash (pid 1)",)), reason=texts),
)


@dataclass
class _Spent:
    """How often each step was approved and started as a change."""

    approved: Counter[str]
    started: Counter[str]


class EngineMachine(RuleBasedStateMachine):
    """Feeds the engine whatever comes, likely and unlikely."""

    @initialize()
    def open(self) -> None:
        """A run begins."""
        self.state = State()
        self.at = AT
        self.events: list[tuple[e.AnyEvent, datetime]] = []
        self.spent = _Spent(Counter(), Counter())
        self._tell(i.Open("machine", "1.0.0", "p", "t", "i", {}, "incident"))

    @rule(given=inputs, minutes=st.sampled_from([0, 0, 0, 1, 16, 60]))
    def anything(self, given: i.Input, minutes: int) -> None:
        """An input that may make no sense now."""
        self.at += timedelta(minutes=minutes)
        self._tell(given)

    @precondition(lambda self: self.state.phase not in (Phase.RUNNING, Phase.ENDED))
    @rule(is_far=st.booleans(), outcome=outcomes, code=codes)
    def what_comes_next(self, is_far: bool, outcome: OutcomeKind, code: int | None) -> None:
        """What the driver and a willing person would do, so that runs get far; sometimes the outcome is lost."""
        effect = f.next_effect(RUNBOOK, self.state)
        if isinstance(effect, f.AskApproval):
            self._tell(i.Approve("b", effect.label, "because"))
        elif isinstance(effect, f.Execute):
            self._tell(i.Start(effect.role, effect.block.language, "x", DIGEST, binding="b"))
            self._tell(i.Resume() if is_far else self._finish(outcome, code))
        elif isinstance(effect, f.AskSettlement):
            self._tell(i.Settle(Settlement.APPLIED, "I looked"))
        elif isinstance(effect, f.AskEvidence):
            self._tell(i.Record("b"))
        elif isinstance(effect, f.AskChoice):
            self._tell(i.Choose(0, "because"))

    @precondition(lambda self: self.state.phase is Phase.RUNNING)
    @rule(outcome=outcomes, code=codes)
    def an_outcome(self, outcome: OutcomeKind, code: int | None) -> None:
        """The command that runs ends somehow."""
        self._tell(self._finish(outcome, code))

    def _finish(self, outcome: OutcomeKind, code: int | None) -> i.Finish:
        running = self.state.running
        is_human = running is not None and running.language == f.HUMAN
        answer = (code or 0) % 2 if is_human and outcome is OutcomeKind.SUCCEEDED else None
        return i.Finish(outcome, code, verdicts=(Verdict(0, code == 0),), answer=answer)

    def _tell(self, given: i.Input) -> None:
        before = self.state
        try:
            decided = decide(RUNBOOK, self.state, given, self.at)
        except Refused:
            assert self.state is before
            return
        for event in decided:
            self.state = evolve(self.state, event, self.at)
            self.events.append((event, self.at))
            self._count(event)

    def _count(self, event: e.Event) -> None:
        if isinstance(event, e.ApprovalGranted):
            self.spent.approved[event.step] += 1
        elif isinstance(event, e.AttemptStarted) and event.safety is not SafetyClass.SAFE:
            self.spent.started[event.step] += 1

    @invariant()
    def folding_again_gives_the_same_state(self) -> None:
        """The state is nothing but its events."""
        again = State()
        for event, at in self.events:
            again = evolve(again, event, at)
        assert again == self.state

    @invariant()
    def its_conduct_is_one_that_verification_accepts(self) -> None:
        """No outcome without intent, no start without its own approval, nothing after the end."""
        assert check_conduct("r", enumerate((event for event, _ in self.events), 1)) == []

    @invariant()
    def there_are_never_more_starts_than_approvals(self) -> None:
        """Whatever was told in whatever order."""
        for step, times in self.spent.started.items():
            assert times <= self.spent.approved[step]

    @invariant()
    def there_is_always_a_way_on(self) -> None:
        """A run that stands has a next effect; one that runs can be resumed; one that ended says how."""
        if self.state.phase is Phase.RUNNING:
            assert decide(RUNBOOK, self.state, i.Resume(), self.at)
        elif self.state.phase is Phase.ENDED:
            assert self.state.ending is not None
        else:
            f.next_effect(RUNBOOK, self.state)

    @invariant()
    def no_run_is_resolved_over_an_unverified_change(self) -> None:
        """RESOLVED means that something looked and saw it."""
        if self.state.ending is Ending.RESOLVED:
            assert not self.state.skipped_verifications


EngineMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, derandomize=True
)
TestTheEngineUnderAnyInputs = EngineMachine.TestCase
