"""The driver with real stores and scripted executors: intent before effect, crashes, two drivers, lost answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from runbook_keys.driver.attempt import Attempts
from runbook_keys.driver.driver import Driver
from runbook_keys.driver.session import Session, Values
from runbook_keys.engine import inputs as i
from runbook_keys.engine.transitions import Phase
from runbook_keys.errors import JournalUnavailable, RunTaken
from runbook_keys.executors.human import HumanExecutor
from runbook_keys.journal.lines import read
from runbook_keys.model import event as e
from runbook_keys.model import reply as r
from runbook_keys.model.actor import Actor, ActorKind
from runbook_keys.model.outcome import Observation, Outcome, OutcomeKind, Role, Settlement
from runbook_keys.model.runbook import (
    Block,
    Branch,
    End,
    Ending,
    GoTo,
    RollBack,
    Runbook,
    SafetyClass,
    Step,
    StepKind,
)
from runbook_keys.model.view import Asking, View
from runbook_keys.ports import JournalStore, Task
from runbook_keys.stores.memory import MemoryStore
from runbook_keys.stores.notary import Notary
from runbook_keys.system.signing import FolderSigner
from runbook_keys.testing.clock import FakeClock
from runbook_keys.testing.executor import ScriptedExecutor
from runbook_keys.testing.ids import SequentialIds
from whole_journal import damages_in

RUN = "r-20261123-0312-0001"
OK = Outcome(OutcomeKind.SUCCEEDED, Observation(exit_code=0))
BAD = Outcome(OutcomeKind.FAILED, Observation(exit_code=1))
LOST = Outcome(OutcomeKind.TIMED_OUT, why="It took too long.")


def _step(
    label: str, text: str, *branches: Branch, safety: SafetyClass = SafetyClass.SAFE, **more: Any
) -> Step:
    return Step(
        label, StepKind(label[0]), f"Step {label}", 1, safety, "", Block("bash", text, 1), branches, **more
    )


def _when(condition: str, target: Any) -> Branch:
    return Branch(condition, target, 1, condition)


def _else(target: Any) -> Branch:
    return Branch("Anything else", target, 1)


RUNBOOK = Runbook(
    title="Example",
    steps=(
        _step("D1", "look\n", _when("exit_code == 0", GoTo("A1")), _else(End(Ending.ESCALATED))),
        _step(
            "A1",
            'change "$TARGET"\n',
            _when("exit_code == 0", GoTo("V1")),
            _else(RollBack("A1", End(Ending.ESCALATED))),
            safety=SafetyClass.REVERSIBLE,
            rollback=Block("bash", "undo\n", 1),
            rollback_check=Block("bash", "undone\n", 1),
        ),
        _step("V1", "verify\n", _when("exit_code == 0", End(Ending.RESOLVED)), _else(End(Ending.ESCALATED))),
    ),
)


class Person:
    """Answers by what is asked; leaves when the script has no answer."""

    actor = Actor(ActorKind.OPERATOR, "somebody")

    def __init__(self, answers: Mapping[Asking, r.Reply | Sequence[r.Reply]] | None = None) -> None:
        usual: dict[Asking, Any] = {
            Asking.LOOK: r.Proceed(),
            Asking.APPROVAL: r.Approve(),
            Asking.ROLLBACK: r.Approve(),
        }
        self._answers = {**usual, **(answers or {})}
        self.views: list[View] = []

    async def reply(self, view: View) -> r.Reply:
        """The scripted answer; of several, one after the other."""
        self.views.append(view)
        answer = self._answers.get(view.asking, r.Leave())
        if not isinstance(answer, Sequence):
            return answer
        nth = sum(seen.asking is view.asking for seen in self.views)
        return answer[nth - 1] if nth <= len(answer) else r.Leave()

    async def wait(self, view: View, until: datetime) -> r.Reply:
        """Stays."""
        return r.Wait()

    def progress(self, view: View, text: str) -> None:
        """Looks away."""


def _session(store: JournalStore) -> Session:
    values = Values({"TARGET": "t", "PASSWORD": "hunter22hunter"}, frozenset({"PASSWORD"}), {"TARGET": "x"})
    return Session(RUN, RUNBOOK, values, store, FakeClock(), SequentialIds())


async def _opened(store: JournalStore) -> Session:
    session = _session(store)
    await session.tell(i.Open("example", "1.0.0", "d", "", "", {}, RUN), Person.actor)
    return session


async def _reopened(store: JournalStore) -> Session:
    session = _session(store)
    entries = [read(stored) for stored in await store.entries(RUN)]
    session.replay(entries, (await store.runs())[0])
    await session.tell(i.Resume(), Person.actor)
    return session


async def _drive(
    store: JournalStore, session: Session, script: Any, person: Person
) -> tuple[Ending | None, ScriptedExecutor]:
    executor = ScriptedExecutor(script)
    claim = store.claim(RUN)
    try:
        attempts = Attempts(session, {"bash": executor}, person, claim)
        ending = await Driver(session, attempts, person, FakeClock()).drive()
    finally:
        claim.release()
    return ending, executor


def _run(body: Callable[[], Any]) -> Any:
    return asyncio.run(body())


def test_a_run_goes_from_look_to_verified_recovery() -> None:
    """Look, approved change, verification, RESOLVED, and the journal verifies whole."""

    async def body() -> None:
        store = MemoryStore()
        session = await _opened(store)
        ending, executor = await _drive(store, session, {"D1": OK, "A1": OK, "V1": OK}, Person())
        damages = await damages_in(store)

        assert Ending.RESOLVED == ending
        assert ["D1", "A1", "V1"] == [task.step for task in executor.tasks]
        assert [] == [damage for damage in damages if "material" not in damage.what]

    _run(body)


def test_the_intent_is_durable_before_the_effect() -> None:
    """When the executor is called, the journal already holds the start of exactly this attempt."""

    async def body() -> None:
        store = MemoryStore()
        session = await _opened(store)

        def look(task: Task) -> Outcome:
            last = session.entries[-1].event
            assert isinstance(last, e.AttemptStarted)
            assert (task.step, task.block.text) == (last.step, last.command)
            return OK

        ending, _ = await _drive(store, session, {"D1": look, "A1": look, "V1": look}, Person())
        assert Ending.RESOLVED == ending

    _run(body)


class FullStore(MemoryStore):
    """Takes `left` appends and then has no space."""

    left = 10**6

    async def append(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse once the space is used up."""
        if self.left <= 0:
            raise JournalUnavailable("no space left")
        self.left -= 1
        return await super().append(*args, **kwargs)


@pytest.mark.parametrize("appends", range(1, 9))
def test_without_a_durable_intent_nothing_is_started(appends: int) -> None:
    """Whichever append fails, the effects are at most the intents that were acknowledged."""

    async def body() -> None:
        store = FullStore()
        session = await _opened(store)
        store.left = appends
        executor = ScriptedExecutor({"D1": OK, "A1": OK, "V1": OK})
        attempts = Attempts(session, {"bash": executor}, Person(), store.claim(RUN))
        with contextlib.suppress(JournalUnavailable):
            await Driver(session, attempts, Person(), FakeClock()).drive()
        started = [x for x in await store.entries(RUN) if isinstance(read(x).event, e.AttemptStarted)]

        assert len(executor.tasks) <= len(started)

    _run(body)


def test_a_command_gets_only_the_values_that_it_names() -> None:
    """The secret that A1 does not name is not in its environment, but is masked in its output."""

    async def body() -> None:
        store = MemoryStore()
        session = await _opened(store)
        _, executor = await _drive(store, session, {"D1": OK, "A1": OK, "V1": OK}, Person())

        assert {"TARGET": "t"} == dict(executor.tasks[1].values)
        assert {"PASSWORD": "hunter22hunter"} == dict(executor.tasks[1].secrets)

    _run(body)


def test_end_of_input_never_approves() -> None:
    """An operator who is gone leaves the run at the action, unstarted."""

    async def body() -> None:
        store = MemoryStore()
        session = await _opened(store)
        ending, executor = await _drive(store, session, {"D1": OK}, Person({Asking.APPROVAL: r.Leave()}))

        assert (None, ["D1"]) == (ending, [task.step for task in executor.tasks])

    _run(body)


@pytest.mark.parametrize("check", [OK, BAD])
def test_a_timed_out_change_is_settled_by_its_check_before_anything_else(check: Outcome) -> None:
    """Undone: it may be tried again. Not undone: a person says where to go. Nobody repeats it blindly."""

    async def body() -> None:
        store = MemoryStore()
        session = await _opened(store)
        script = {"D1": OK, ("A1", Role.WORK): LOST, ("A1", Role.ROLLBACK_CHECK): check}
        person = Person({Asking.APPROVAL: [r.Approve()]})
        _, executor = await _drive(store, session, script, person)
        roles = [task.role for task in executor.tasks if task.step == "A1"]

        assert [Role.WORK, Role.ROLLBACK_CHECK] == roles
        assert (Phase.STANDING if check is OK else Phase.CHOOSING) == session.state.phase

    _run(body)


@pytest.mark.parametrize("cut", range(3, 12))
def test_a_driver_that_dies_at_any_entry_can_be_followed_by_another(cut: int) -> None:
    """Whatever entry was the last, a resume reaches the end, and A1 is never started twice without a new approval."""

    async def body() -> None:
        store = FullStore()
        session = await _opened(store)
        store.left = cut - 2
        script = {"D1": OK, "A1": OK, ("A1", Role.ROLLBACK_CHECK): OK, "V1": OK}
        with contextlib.suppress(JournalUnavailable):
            await _drive(store, session, script, Person())
        store.left = 10**6
        if session.state.phase is Phase.ENDED:
            return
        again = await _reopened(store)
        ending, _ = await _drive(store, again, script, Person())
        events = [read(stored).event for stored in await store.entries(RUN)]
        starts = [
            x for x in events if isinstance(x, e.AttemptStarted) and (x.step, x.role) == ("A1", Role.WORK)
        ]
        approvals = [x for x in events if isinstance(x, e.ApprovalGranted)]

        assert Ending.RESOLVED == ending
        assert len(starts) <= len(approvals)

    _run(body)


class SleptStore(MemoryStore):
    """The computer sleeps for an hour once, right after the first approval was written."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock, self._has_slept = clock, False

    async def append(self, *args: Any, **kwargs: Any) -> Any:
        """Append, and sleep after an approval."""
        head = await super().append(*args, **kwargs)
        if not self._has_slept and isinstance(args[4][-1], e.ApprovalGranted):
            self._has_slept = True
            self._clock.advance(timedelta(hours=1))
        return head


def test_an_approval_that_came_to_nothing_is_on_record_and_is_asked_for_again() -> None:
    """Not as if somebody had been away: the entry says why nothing was started, and so does the next screen."""

    async def body() -> None:
        clock = FakeClock()
        store = SleptStore(clock)
        session = Session(RUN, RUNBOOK, Values({}, frozenset(), {}), store, clock, SequentialIds())
        await session.tell(i.Open("example", "1.0.0", "d", "", "", {}, RUN), Person.actor)
        person = Person()
        ending, _ = await _drive(store, session, {"D1": OK, "A1": OK, "V1": OK}, person)
        events = [read(stored).event for stored in await store.entries(RUN)]
        (dropped,) = (x for x in events if isinstance(x, e.ApprovalDropped))
        asked = [view.message for view in person.views if view.asking is Asking.APPROVAL]

        assert Ending.RESOLVED == ending
        assert not any(isinstance(x, e.RunResumed) for x in events)
        assert ["", dropped.why] == asked
        assert [] == [damage for damage in await damages_in(store) if "material" not in damage.what]

    _run(body)


def test_of_two_drivers_on_one_run_one_acts() -> None:
    """The slower driver's intent is refused by the fence, and its executor is never called."""

    async def body() -> None:
        store = MemoryStore()
        session = await _opened(store)
        other = _session(store)
        other.replay([read(x) for x in await store.entries(RUN)], (await store.runs())[0])
        await _drive(store, session, {"D1": OK}, Person({Asking.APPROVAL: r.Leave()}))
        executor = ScriptedExecutor({})
        slow = Driver(
            other, Attempts(other, {"bash": executor}, Person(), store.claim(RUN)), Person(), FakeClock()
        )

        with pytest.raises(RunTaken):
            await slow.drive()
        assert [] == executor.tasks

    _run(body)


def test_a_run_that_is_driven_can_not_be_claimed_again() -> None:
    """The second claim is refused while the first is held."""
    store = MemoryStore()
    store.claim(RUN)

    with pytest.raises(RunTaken):
        store.claim(RUN)


def test_a_note_is_kept_beside_the_journal() -> None:
    """The words of a note are in a blob, never in the line."""

    async def body() -> None:
        store = MemoryStore()
        session = await _opened(store)
        person = Person({Asking.LOOK: [r.AddNote("customer 4711 called"), r.Leave()]})
        await _drive(store, session, {}, person)
        lines = b"".join(stored.line for stored in await store.entries(RUN))

        assert b"4711" not in lines
        (noted,) = [read(one).event for one in await store.entries(RUN) if b"NoteAdded" in one.line]
        assert isinstance(noted, e.NoteAdded)
        assert b"4711" in (await store.blob(noted.note_blob) or b"")

    _run(body)


def test_what_is_refused_is_said_on_the_next_screen() -> None:
    """A skip without a reason changes nothing, and the screen says what is missing."""

    async def body() -> None:
        store = MemoryStore()
        session = await _opened(store)
        person = Person({Asking.LOOK: [r.Skip(" "), r.Leave()]})
        await _drive(store, session, {}, person)

        assert "why" in person.views[-1].message
        assert "D1" == session.state.step

    _run(body)


def test_a_checkpoint_that_can_not_be_remembered_is_said_on_one_screen(tmp_path: Path) -> None:
    """The run goes on to its end; the next screen says it, and no later one."""
    (tmp_path / "signing" / "latest").mkdir(parents=True)

    async def body() -> None:
        store = MemoryStore(Notary(FolderSigner(tmp_path / "signing")))
        person = Person()
        await _drive(store, await _opened(store), {"D1": OK, "A1": OK, "V1": OK}, person)
        said = [view.message for view in person.views if "is not remembered beside the key" in view.message]
        assert len(person.views) > 1
        assert said == [person.views[0].message]

    _run(body)


def test_a_person_settles_an_unclear_change() -> None:
    """When the check can't tell, a person who looked says that it happened, and then where to go."""

    async def body() -> None:
        store = MemoryStore()
        session = await _opened(store)
        unclear = Outcome(OutcomeKind.FAILED, Observation(exit_code=2))
        script = {"D1": OK, ("A1", Role.WORK): LOST, ("A1", Role.ROLLBACK_CHECK): unclear, "V1": OK}
        answers = {
            Asking.UNKNOWN: r.Settle(Settlement.APPLIED, "I looked"),
            Asking.CHOICE: r.Choose(0, "it is in place"),
        }
        ending, _ = await _drive(store, session, script, Person(answers))

        assert Ending.RESOLVED == ending

    _run(body)


def test_a_note_does_not_disturb_a_person_at_work() -> None:
    """Notes and files given in the middle of a change by hand are kept; it stays one attempt, and is answered."""

    async def body() -> None:
        store = MemoryStore()
        by_hand = replace(
            RUNBOOK.steps[1],
            block=None,
            branches=(Branch("Done", GoTo("V1"), 1), RUNBOOK.steps[1].branches[1]),
        )
        runbook = replace(RUNBOOK, steps=(RUNBOOK.steps[0], by_hand, RUNBOOK.steps[2]))
        session = Session(RUN, runbook, Values({}, frozenset(), {}), store, FakeClock(), SequentialIds())
        await session.tell(i.Open("example", "1.0.0", "d", "", "", {}, RUN), Person.actor)
        said = [r.AddNote("the button is grey"), r.AttachFile("screen.png", b"\x89PNG"), r.Choose(0)]
        person = Person({Asking.QUESTION: said})
        executor = ScriptedExecutor({"D1": OK, "V1": OK})
        claim = store.claim(RUN)
        attempts = Attempts(session, {"bash": executor, "human": HumanExecutor(person)}, person, claim)
        ending = await Driver(session, attempts, person, FakeClock()).drive()
        claim.release()
        events = [entry.event for entry in session.entries]

        assert Ending.RESOLVED == ending
        assert 1 == sum(isinstance(event, e.AttemptStarted) and event.step == "A1" for event in events)
        assert [OutcomeKind.SUCCEEDED] == [
            event.outcome for event in events if isinstance(event, e.AttemptFinished) and event.step == "A1"
        ]
        (attached,) = [event for event in events if isinstance(event, e.FileAttached)]
        assert ("A1", "screen.png", 4) == (attached.step, attached.name, attached.size)
        assert b"\x89PNG" == await store.blob(attached.file_blob)

    _run(body)


def test_the_clock_of_a_breach_stands_on_every_screen_after_it_was_declared() -> None:
    """Seventy-two hours run from the moment that the person named; nothing about where the run stands changes."""

    async def body() -> None:
        store = MemoryStore()
        session = await _opened(store)
        aware_at = session.now() - timedelta(hours=2)
        declared = r.DeclareBreach(aware_at, "a customer saw the orders of others")
        person = Person({Asking.LOOK: [declared, r.Proceed(), r.Leave()], Asking.APPROVAL: r.Leave()})
        await _drive(store, session, {"D1": OK}, person)
        first, *later = [view.breach for view in person.views]

        assert first is None
        assert [aware_at + timedelta(hours=72)] * 2 == [breach.notify_by for breach in later if breach]
        assert "A1" == session.state.step
        assert b"orders of others" not in b"".join(stored.line for stored in await store.entries(RUN))

    _run(body)


def test_a_breach_that_lies_in_the_future_is_refused_and_the_persons_work_goes_on() -> None:
    """Even in the middle of a change by hand: the screen says why, the attempt is not cut off."""

    async def body() -> None:
        store = MemoryStore()
        by_hand = replace(RUNBOOK.steps[0], block=None, branches=(Branch("Done", End(Ending.STOPPED), 1),))
        runbook = replace(RUNBOOK, steps=(by_hand, *RUNBOOK.steps[1:]))
        session = Session(RUN, runbook, Values({}, frozenset(), {}), store, FakeClock(), SequentialIds())
        await session.tell(i.Open("example", "1.0.0", "d", "", "", {}, RUN), Person.actor)
        tomorrow = session.now() + timedelta(days=1)
        said = [r.DeclareBreach(tomorrow), r.DeclareBreach(), r.Choose(0)]
        person = Person({Asking.QUESTION: said})
        claim = store.claim(RUN)
        attempts = Attempts(session, {"human": HumanExecutor(person)}, person, claim)
        ending = await Driver(session, attempts, person, FakeClock()).drive()
        claim.release()

        assert Ending.STOPPED == ending
        assert "has not come yet" in person.views[1].message
        assert person.views[1].breach is None
        assert person.views[2].breach is not None
        assert 1 == sum(isinstance(entry.event, e.AttemptStarted) for entry in session.entries)

    _run(body)
