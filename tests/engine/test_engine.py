"""What the engine lets happen, and what it refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from a_runbook import BEGIN, RUNBOOK, Play
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_keys.engine import effects as f
from runbook_keys.engine import inputs as i
from runbook_keys.engine.decide import _DECIDERS
from runbook_keys.engine.evolve import evolve
from runbook_keys.engine.state import State
from runbook_keys.engine.transitions import TRANSITIONS, Phase
from runbook_keys.errors import JournalDamaged, Refused
from runbook_keys.model import event as e
from runbook_keys.model.outcome import OutcomeKind, Role, Settlement
from runbook_keys.model.runbook import Ending


def test_a_run_begins_at_the_first_safety_check() -> None:
    """The first effect is the first safety check, asked for before it runs."""
    play = Play()

    effect = f.next_effect(RUNBOOK, play.state)

    assert isinstance(effect, f.Execute)
    assert ("S1", True) == (effect.label, effect.is_asked_first)


def test_the_first_condition_that_matches_is_taken() -> None:
    """A matching way out leads on."""
    play = Play()

    play.see(1)

    assert "D1" == play.state.step


def test_when_nothing_matches_anything_else_is_taken() -> None:
    """The last way out takes what no other takes."""
    play = Play()

    play.see(None)

    assert Ending.ESCALATED == play.state.ending


def test_an_action_never_starts_without_approval() -> None:
    """The intent of an unapproved change is refused and nothing changes."""
    play = Play()
    play.to_action("A1")
    before = play.state

    with pytest.raises(Refused, match="nobody has approved"):
        play.start(binding="bound")

    assert before == play.state


def test_an_approval_is_used_once() -> None:
    """After one attempt the next needs its own yes."""
    play = Play()
    play.to_action("A1")
    play.do(None, exit_code=1)
    play.tell(i.Approve("undo"))
    play.start(Role.ROLLBACK, "undo")
    play.finish(exit_code=0)

    assert play.state.approval is None


def test_an_approval_of_something_else_is_refused() -> None:
    """What starts must be what was approved, to the digest."""
    play = Play()
    play.to_action("A1")
    play.tell(i.Approve("bound"))

    with pytest.raises(Refused, match="not what was approved"):
        play.start(binding="other")


def test_an_approval_expires_after_fifteen_minutes() -> None:
    """An old yes is no yes."""
    play = Play()
    play.to_action("A1")
    play.tell(i.Approve("bound"))
    play.at += timedelta(minutes=16)

    with pytest.raises(Refused, match="older than 15 minutes"):
        play.start(binding="bound")


@pytest.mark.parametrize(("label", "reason"), [("", "why"), ("A1", "why"), ("A2", " ")])
def test_an_irreversible_action_needs_its_label_and_a_reason(label: str, reason: str) -> None:
    """Enter alone, another label or no reason does not approve."""
    play = Play()
    play.to_action("A2")

    with pytest.raises(Refused, match="can't be undone"):
        play.tell(i.Approve("bound", label, reason))


def test_a_resume_voids_an_approval() -> None:
    """Whoever takes over must look and approve again."""
    play = Play()
    play.to_action("A1")
    play.tell(i.Approve("bound"))

    play.tell(i.Resume())

    assert (Phase.STANDING, None) == (play.state.phase, play.state.approval)


def test_resolved_needs_a_verification_after_the_change() -> None:
    """A run that resolves without verifying its change ends UNVERIFIED."""
    play = Play()
    play.to_action("A1")
    play.do(0)
    play.tell(i.Overrule("D1", "it looks fine"))
    play.see(2)

    assert Ending.UNVERIFIED == play.state.ending


def test_a_verified_run_resolves() -> None:
    """Action, verification, three watched checks, RESOLVED."""
    play = Play()
    play.to_action("A1")
    play.do(0)
    play.see(0)
    for _ in range(2):
        play.see(0)
        assert Phase.WATCHING == play.state.phase
        play.tell(i.Tick(), seconds=300)
    play.see(0)

    assert (Ending.RESOLVED, ("A1",)) == (play.state.ending, play.state.undoable)


def test_a_watch_is_not_cut_short() -> None:
    """A tick before the check is due does nothing."""
    play = Play()
    play.to_action("A1")
    play.do(0)
    play.see(0)
    play.see(0)

    assert () == play.tell(i.Tick(), seconds=299)


def test_a_bounded_way_back_ends_in_its_then() -> None:
    """The third failure of V1 escalates instead of diagnosing again."""
    play = Play()
    play.to_action("A1")
    for _ in range(2):
        play.do(0)
        play.see(None)
        play.see(0)
    play.do(0)
    play.see(None)

    assert Ending.ESCALATED == play.state.ending


def test_a_failed_action_is_rolled_back_and_checked() -> None:
    """ROLL BACK asks, undoes, checks, then goes on."""
    play = Play()
    play.to_action("A1")
    play.do(None, exit_code=1)
    assert isinstance(f.next_effect(RUNBOOK, play.state), f.AskApproval)
    play.tell(i.Approve("undo"))
    play.start(Role.ROLLBACK, "undo")
    play.finish(exit_code=0)
    play.start(Role.ROLLBACK_CHECK)
    play.finish(exit_code=0)

    assert (Ending.ESCALATED, ()) == (play.state.ending, play.state.undoable)
    assert any(isinstance(event, e.ActionRolledBack) for event in play.events)


def test_an_undo_that_did_not_work_is_said_and_escalates() -> None:
    """A failing rollback check never counts as undone."""
    play = Play()
    play.to_action("A1")
    play.do(None, exit_code=1)
    play.tell(i.Approve("undo"))
    play.start(Role.ROLLBACK, "undo")
    play.finish(exit_code=0)
    play.start(Role.ROLLBACK_CHECK)
    play.finish(exit_code=1, outcome=OutcomeKind.FAILED)

    assert (Ending.ESCALATED, ("A1",)) == (play.state.ending, play.state.undoable)
    assert any(isinstance(event, e.RollbackFailed) for event in play.events)


def test_a_look_that_lost_its_outcome_runs_again_three_times_at_most() -> None:
    """After the third lost attempt the way out for anything else is taken."""
    play = Play()
    for _ in range(3):
        play.start()
        play.tell(i.Resume())

    assert Ending.ESCALATED == play.state.ending


@pytest.mark.parametrize("outcome", [OutcomeKind.UNKNOWN, OutcomeKind.TIMED_OUT, OutcomeKind.CANCELLED])
@pytest.mark.parametrize("label", ["A1", "A2"])
def test_a_change_without_an_outcome_is_unknown(label: str, outcome: OutcomeKind) -> None:
    """Timed out, cancelled and lost are all unknown, never failed."""
    play = Play()
    play.to_action(label)
    play.do(None, label, outcome=outcome)

    assert Phase.UNKNOWN == play.state.phase


def test_an_unknown_irreversible_change_waits_for_a_person() -> None:
    """It is never started again by itself; after "not applied" it needs a fresh yes."""
    play = Play()
    play.to_action("A2")
    play.do(None, "A2", outcome=OutcomeKind.UNKNOWN)
    assert isinstance(f.next_effect(RUNBOOK, play.state), f.AskSettlement)

    play.tell(i.Settle(Settlement.NOT_APPLIED, "I looked"))

    assert isinstance(f.next_effect(RUNBOOK, play.state), f.AskApproval)


@pytest.mark.parametrize(
    ("exit_code", "phase"), [(0, Phase.STANDING), (1, Phase.CHOOSING), (2, Phase.UNKNOWN)]
)
def test_an_unknown_reversible_change_is_settled_by_its_rollback_check(exit_code: int, phase: Phase) -> None:
    """Undone means not applied, not undone means applied, anything else is for a person."""
    play = Play()
    play.to_action("A1")
    play.do(None, outcome=OutcomeKind.UNKNOWN)
    play.start(Role.ROLLBACK_CHECK)
    play.finish(exit_code=exit_code)

    assert phase == play.state.phase


def test_an_unknown_change_is_not_left_behind() -> None:
    """Going elsewhere is refused until it is known whether the change happened."""
    play = Play()
    play.to_action("A2")
    play.do(None, "A2", outcome=OutcomeKind.UNKNOWN)

    with pytest.raises(Refused):
        play.tell(i.Overrule("D1", "never mind"))


def test_the_time_to_escalate_is_kept() -> None:
    """After 30 minutes the run asks to escalate; going on needs a reason."""
    play = Play()
    play.tell(i.Tick(), seconds=1800)
    assert isinstance(f.next_effect(RUNBOOK, play.state), f.AskEscalation)

    with pytest.raises(Refused):
        play.tell(i.GoOn(" "))
    play.tell(i.GoOn("the fix is nearly there"))

    assert Phase.STANDING == play.state.phase


def test_skipping_a_verification_ends_unverified() -> None:
    """A skipped check can't end RESOLVED, whatever is chosen."""
    play = Play()
    play.to_action("A1")
    play.do(0)
    play.see(0)
    play.tell(i.Skip("no time"))
    play.tell(i.Choose(0, "it will be fine"))

    assert Ending.UNVERIFIED == play.state.ending


def test_time_may_pass_in_every_phase_in_which_a_driver_looks() -> None:
    """The driver ticks before each effect; no resting phase refuses it."""
    for phase in f._EFFECTS:
        assert (phase, i.Tick) in _DECIDERS


def test_an_event_out_of_place_is_a_damaged_journal() -> None:
    """A journal that this engine could not have written is refused, not guessed at."""
    with pytest.raises(JournalDamaged):
        evolve(State(), e.RunEnded(Ending.RESOLVED), BEGIN)


def test_every_phase_that_rests_has_an_effect() -> None:
    """A resumed run always knows what comes next."""
    resting = set(Phase) - {Phase.NEW, Phase.DECIDING, Phase.RUNNING}

    assert resting == set(f._EFFECTS)
    assert set(Phase) == set(TRANSITIONS)


_ANYTHING = st.one_of(
    st.builds(
        i.Approve, st.sampled_from(["a", "b"]), st.sampled_from(["", "A1", "A2"]), st.sampled_from(["", "x"])
    ),
    st.builds(
        i.Start,
        st.sampled_from(list(Role)),
        st.just("bash"),
        st.just("t"),
        st.just("d"),
        st.just(()),
        st.sampled_from(["", "a", "b"]),
    ),
    st.builds(i.Finish, st.sampled_from(list(OutcomeKind)), st.sampled_from([None, 0, 1, 2])),
    st.builds(i.Choose, st.integers(-1, 4), st.sampled_from(["", "x"])),
    st.builds(i.Skip, st.sampled_from(["", "x"])),
    st.builds(i.Overrule, st.sampled_from(["D1", "A1", "V2", "Z9"]), st.sampled_from(["", "x"])),
    st.builds(i.Settle, st.sampled_from(list(Settlement)), st.just("x")),
    st.builds(i.Tick),
    st.builds(i.Resume),
    st.builds(i.DropApproval, st.just("x")),
    st.builds(i.Escalate),
    st.builds(i.GoOn, st.just("x")),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_ANYTHING, max_size=60))
def test_whatever_it_is_told_no_change_starts_without_its_own_approval(told: list[i.Input]) -> None:
    """Any inputs: refused ones change nothing, starts of changes never outnumber approvals, replay gives the state."""
    play = Play()
    for given_input in told:
        before = play.state
        try:
            play.tell(given_input)
        except Refused:
            assert before == play.state
    changes = [x for x in play.events if isinstance(x, e.AttemptStarted) and x.safety != "SAFE"]
    approvals = [x for x in play.events if isinstance(x, e.ApprovalGranted)]

    assert len(changes) <= len(approvals)
    if play.state.ending is Ending.RESOLVED:
        assert not play.state.is_change_unverified
