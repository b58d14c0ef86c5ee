"""A small tree with one of everything the engine decides about, and a way to play inputs through it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from runbook_keys.engine import inputs as i
from runbook_keys.engine.decide import decide
from runbook_keys.engine.evolve import evolve
from runbook_keys.engine.state import State
from runbook_keys.model import event as e
from runbook_keys.model.outcome import OutcomeKind, Role, Verdict
from runbook_keys.model.runbook import (
    Block,
    Branch,
    End,
    Ending,
    GoTo,
    RollBack,
    Runbook,
    SafetyClass,
    Schedule,
    Step,
    StepKind,
)

BEGIN = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ESCALATE = End(Ending.ESCALATED)
LOOK = Block("bash", "true\n", 1)


def else_(target: Any = ESCALATE, **limits: Any) -> Branch:
    """The way out for anything else."""
    return Branch("Anything else", target, 1, None, **limits)


def on(condition: str, target: Any, **limits: Any) -> Branch:
    """A way out with a condition."""
    return Branch(f"When {condition}", target, 1, condition, **limits)


def look(label: str, *branches: Branch, **more: Any) -> Step:
    """A looking step."""
    return Step(label, StepKind(label[0]), f"Look {label}?", 1, SafetyClass.SAFE, "", LOOK, branches, **more)


def act(label: str, safety: SafetyClass, *branches: Branch, **more: Any) -> Step:
    """An action."""
    block = Block("bash", f"act {label}\n", 1)
    return Step(label, StepKind.ACTION, f"Act {label}", 1, safety, "", block, branches, **more)


UNDO = {"rollback": Block("bash", "undo\n", 1), "rollback_check": Block("bash", "undone\n", 1)}

RUNBOOK = Runbook(
    title="Example",
    steps=(
        look("S1", on("a", End(Ending.STOPPED)), on("b", GoTo("D1")), else_()),
        look("D1", on("a", GoTo("A1")), on("b", GoTo("A2")), on("c", End(Ending.RESOLVED)), else_()),
        act("A1", SafetyClass.REVERSIBLE, on("ok", GoTo("V1")), else_(RollBack("A1", ESCALATE)), **UNDO),
        act("A2", SafetyClass.IRREVERSIBLE, on("ok", GoTo("V1")), else_()),
        look("V1", on("ok", GoTo("V2")), else_(GoTo("D1"), at_most=2, then=ESCALATE)),
        look(
            "V2",
            on("ok", End(Ending.RESOLVED)),
            else_(GoTo("D1"), at_most=1, then=ESCALATE),
            schedule=Schedule(every=timedelta(minutes=5), lasting=timedelta(minutes=10)),
        ),
    ),
    escalate_after=timedelta(minutes=30),
)


class Play:
    """Plays inputs and keeps what follows from them."""

    def __init__(self, runbook: Runbook = RUNBOOK) -> None:
        self.runbook = runbook
        self.state = State()
        self.events: list[e.Event] = []
        self.at = BEGIN
        self.tell(i.Open("example", "1.0.0", "d", "p", "i", {}, "incident"))

    def tell(self, given: i.Input, seconds: float = 1) -> tuple[e.Event, ...]:
        """Give one input `seconds` later; a refused one raises and changes nothing."""
        at = self.at + timedelta(seconds=seconds)
        events = decide(self.runbook, self.state, given, at)
        self.at = at
        for event in events:
            self.state = evolve(self.state, event, at)
        self.events += events
        return events

    def start(self, role: Role = Role.WORK, binding: str = "") -> None:
        """Write an intent."""
        self.tell(i.Start(role, "bash", "text", "digest", (), binding))

    def finish(self, matched: int | None = None, **fields: Any) -> None:
        """Finish what runs; `matched` is the way out whose condition held."""
        verdicts = () if matched is None else (Verdict(matched, True),)
        fields.setdefault("outcome", OutcomeKind.SUCCEEDED)
        self.tell(i.Finish(verdicts=verdicts, **fields))

    def see(self, matched: int | None = None) -> None:
        """Run a look whose way out `matched` holds (None: nothing matches)."""
        self.start()
        self.finish(matched)

    def do(self, matched: int | None = 0, label: str = "A1", **fields: Any) -> None:
        """Approve the action that stands on the screen and run it."""
        self.tell(i.Approve("bound", label, "because"))
        self.start(binding="bound")
        self.finish(matched, **fields)

    def to_action(self, label: str) -> None:
        """Go from the start to an action by the tree."""
        self.see(1)
        self.see({"A1": 0, "A2": 1}[label])
