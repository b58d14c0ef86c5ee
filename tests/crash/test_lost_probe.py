"""The driver dies while it looks whether an unknown change happened: it looks again, three times, then asks a person."""

from __future__ import annotations

from test_engine_machine import AT, DIGEST, RUNBOOK

from runbook_keys.engine import effects as f
from runbook_keys.engine import inputs as i
from runbook_keys.engine.decide import decide
from runbook_keys.engine.evolve import evolve
from runbook_keys.engine.state import State
from runbook_keys.engine.transitions import Phase
from runbook_keys.model.outcome import OutcomeKind, Role, Settlement


def _after(state: State, *given: i.Input) -> State:
    for each in given:
        for event in decide(RUNBOOK, state, each, AT):
            state = evolve(state, event, AT)
    return state


def _unknown() -> State:
    """A1 was started and its driver died."""
    return _after(
        State(),
        i.Open("machine", "1.0.0", "p", "t", "i", {}, "incident"),
        i.Overrule("A1", "a test"),
        i.Approve("b"),
        _start(Role.WORK),
        i.Resume(),
    )


def _start(role: Role) -> i.Start:
    return i.Start(role, "bash", "x", DIGEST, binding="b")


def test_a_look_that_was_cut_off_is_made_again_and_then_a_person_is_asked() -> None:
    """Looking changes nothing, so it may be repeated; but not for ever."""
    state = _unknown()
    for _ in range(3):
        assert isinstance(f.next_effect(RUNBOOK, state), f.Execute)
        state = _after(state, _start(Role.ROLLBACK_CHECK), i.Resume())
        assert state.phase is Phase.UNKNOWN
    assert f.next_effect(RUNBOOK, state) == f.AskSettlement("A1")


def test_a_look_that_works_the_second_time_settles_it() -> None:
    """Nobody is woken for what the check can tell."""
    state = _after(_unknown(), _start(Role.ROLLBACK_CHECK), i.Resume(), _start(Role.ROLLBACK_CHECK))
    state = _after(state, i.Finish(OutcomeKind.FAILED, 1))
    assert state.phase is Phase.CHOOSING


def test_a_look_that_can_not_tell_is_not_repeated() -> None:
    """It ran to its end; what it says would be the same again."""
    state = _after(_unknown(), _start(Role.ROLLBACK_CHECK), i.Finish(OutcomeKind.FAILED, 2))
    assert f.next_effect(RUNBOOK, state) == f.AskSettlement("A1")
    assert _after(state, i.Settle(Settlement.NOT_APPLIED, "I looked")).phase is Phase.STANDING
