"""The model of an operator's time: what is counted, and when something may be claimed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbook_keys.book.parse import parse
from runbook_keys.drills.by_hand import by_hand, raw_output, waiting_seconds
from runbook_keys.drills.effort import BOUNDS, Bound, Compared, Effort, MeasuringOperator, is_claim
from runbook_keys.model import event as e
from runbook_keys.model import reply as r
from runbook_keys.model.actor import Actor, ActorKind
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import GoTo, SafetyClass
from runbook_keys.model.view import Asking, View, WayOut

BOOK = parse((Path(__file__).parents[1] / "lint" / "base" / "queue-stuck" / "README.md").read_bytes())


class Answering:
    """Says the one thing it was given."""

    actor = Actor(ActorKind.DRILL, "script")

    def __init__(self, reply: r.Reply) -> None:
        self._reply = reply

    async def reply(self, view: View) -> r.Reply:
        """It."""
        return self._reply

    async def wait(self, view: View, until: datetime) -> r.Reply:
        """It."""
        return self._reply

    def progress(self, view: View, text: str) -> None:
        """Nothing."""


def _shown(_view: View) -> Sequence[str]:
    return ("two words", "and three more")


@pytest.mark.parametrize(
    ("asking", "safety", "reply", "keys"),
    [
        (Asking.LOOK, SafetyClass.SAFE, r.Proceed(), 1),
        (Asking.APPROVAL, SafetyClass.REVERSIBLE, r.Approve("A1", "because"), 1),
        (Asking.APPROVAL, SafetyClass.IRREVERSIBLE, r.Approve("A1", "because"), 11),
        (Asking.QUESTION, SafetyClass.SAFE, r.Choose(1, "because"), 2),
        (Asking.CHOICE, SafetyClass.SAFE, r.Choose(1, "because"), 10),
        (Asking.WATCHING, SafetyClass.SAFE, r.Wait(), 1),
    ],
)
def test_what_is_shown_and_typed_is_counted(
    asking: Asking, safety: SafetyClass, reply: r.Reply, keys: int
) -> None:
    """Only the keys that this screen really asks for; a reason is typed only where the screen wants one."""
    operator = MeasuringOperator("slug", Answering(reply), _shown)
    view = View(asking, "r", "slug", "R", 0, safety=safety, ways_out=(WayOut("Yes", "x > 1", ""),))
    tried = 2 if isinstance(reply, r.Choose) else 1

    _answer(operator, view)

    assert Effort(words=5, keys=len("keys run slug\n") + keys, decisions=1 + tried) == operator.effort


def _answer(operator: MeasuringOperator, view: View) -> None:
    asyncio.run(
        operator.wait(view, datetime(2026, 1, 1, tzinfo=UTC))
        if view.asking is Asking.WATCHING
        else operator.reply(view)
    )


def test_a_line_that_was_read_once_is_not_read_again() -> None:
    """The frame of the screen stands there all the time; nobody reads it twenty times."""
    operator = MeasuringOperator("slug", Answering(r.Proceed()), _shown)
    view = View(Asking.LOOK, "r", "slug", "R", 0)

    _answer(operator, view)
    _answer(operator, view)

    assert 5 == operator.effort.words
    assert 3 == operator.effort.decisions


def test_looks_cost_nothing_where_they_are_not_asked_for() -> None:
    """`--auto safe` shows no screen for them; a change is asked for as before, and the end is read."""
    operator = MeasuringOperator("slug", Answering(r.Proceed()), _shown)
    start = len("keys run slug --auto safe\n")

    _answer(operator, View(Asking.LOOK, "r", "slug", "R", 0))
    assert Effort(keys=start, decisions=1) == operator.auto

    operator.ended(["two words", "and three more"])
    assert Effort(words=5, keys=start, decisions=1) == operator.auto


def test_output_is_read_as_it_comes_and_as_much_as_the_terminal_shows() -> None:
    """Twenty lines between two screens, each cut at the edge; a long wrapped line is no hundred words."""
    operator = MeasuringOperator("slug", Answering(r.Proceed()), _shown)
    view = View(Asking.LOOK, "r", "slug", "R", 0)

    operator.progress(view, "".join(f"line {number}\n" for number in range(15)))
    operator.progress(view, "".join(f"row {number}\n" for number in range(15)))
    assert 2 * 20 == operator.effort.words == operator.auto.words

    _answer(operator, view)
    operator.progress(view, "one " * 100)
    assert 2 * 20 + 5 + 19 == operator.effort.words


def test_a_plain_terminal_wraps_what_keys_cuts() -> None:
    """By hand the whole of a long line is there to be read, and no more than twenty lines of the screen."""
    assert "one " * 100 == raw_output("one " * 100).rstrip("\n")
    assert 20 == len(raw_output("a\n" * 50).splitlines())
    assert 20 * 76 == len(raw_output("x" * 5000))


def test_the_record_of_section_nine_counts_on_neither_side() -> None:
    """It is written after the recovery, by hand and with KEYS alike."""
    operator = MeasuringOperator("slug", Answering(r.Answer("it")), _shown)

    _answer(operator, View(Asking.EVIDENCE, "r", "slug", "R", 0))

    assert 0 == operator.effort.words


def test_by_hand_the_same_path_is_read_copied_decided_and_noted() -> None:
    """One step: its lines are read, its command is copied, two ways out are tried, a line is written down."""
    events = (
        e.StepEntered("S1", 1),
        e.AttemptStarted("S1", Role.WORK, 1, SafetyClass.SAFE, "bash", "shipctl status", ""),
        e.BranchTaken("S1", 1, "Nobody is deploying", GoTo("D1"), e.BranchReason.MATCHED),
    )

    effort, notes = by_hand(BOOK, events, {"S1": 7})
    fewer, _ = by_hand(BOOK, events, {})

    assert 1 + 1 + 2 == effort.decisions, "to find the page, to run it, to try two ways out"
    assert (1 + 1 + 2, 2 + 1) == (effort.pointings, effort.homings)
    assert Effort(keys=len("03:12 S1 D1\n"), homings=1) == notes
    assert 5 + notes.keys == effort.keys
    assert 7 == effort.words - fewer.words


def test_by_hand_the_cheaper_way_is_counted() -> None:
    """A command that is repeated is the last one of the shell, and a step is read once."""
    started = e.AttemptStarted("S1", Role.WORK, 1, SafetyClass.SAFE, "bash", "shipctl status", "")

    once, _ = by_hand(BOOK, (e.StepEntered("S1", 1), started), {})
    twice, _ = by_hand(BOOK, (e.StepEntered("S1", 1), started, e.StepEntered("S1", 2), started), {})

    assert (once.words, once.keys + 2) == (twice.words, twice.keys)


def test_the_waits_of_the_runbook_are_known() -> None:
    """They are in both times, and no tool makes them shorter."""
    watched = next(step for step in BOOK.runbook.steps if step.schedule and step.schedule.every)
    assert watched.schedule is not None
    assert watched.schedule.every is not None
    events = (e.StepEntered(watched.label, 1), e.WatchContinued(watched.label, 1, ""))

    assert (watched.schedule.after + watched.schedule.every).total_seconds() == waiting_seconds(
        BOOK.runbook, events
    )


def test_the_model_adds_up() -> None:
    """Each part by its own time."""
    bound = Bound(key=1, pointing=10, decision=100, words_a_minute=60, homing=1000)

    assert 1 + 10 + 100 + 1 + 1000 == bound.seconds(Effort(1, 1, 1, 1, 1))


def test_a_claim_needs_all_three_operators_and_more_than_the_models_error() -> None:
    """A tenth less is within the error; machine time that is in both makes it smaller still."""
    much, little = Effort(words=100), Effort(words=50)

    assert is_claim([Compared(little, much, 0)])
    assert not is_claim([Compared(Effort(words=90), much, 0)])
    assert not is_claim([Compared(little, much, 10_000)])
    assert not is_claim([])
    assert 3 == len(BOUNDS)
