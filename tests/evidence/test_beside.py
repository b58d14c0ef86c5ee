"""What is added to a run's record from beside its course: follow-ups, feedback, a breach, readings."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from a_journal import ANNA, BELA, ESCALATED, SLUG, Journal

from runbook_keys.errors import Refused, RunTaken
from runbook_keys.evidence.followups import FollowUp, Standing
from runbook_keys.evidence.followups_feedback import Feedback
from runbook_keys.journal.lines import read
from runbook_keys.model.breach import BreachDetail
from runbook_keys.model.event import FollowUpDone, RecordRead, RunKind
from runbook_keys.operations.packs import read_pack
from runbook_keys.operations.record.access import record_access
from runbook_keys.operations.record.verify import verify
from runbook_keys.operations.recorded import find_run
from runbook_keys.operations.runs.breach import become_aware, detail, standing
from runbook_keys.operations.runs.feedback import feedback_on, give_feedback
from runbook_keys.operations.runs.followups import assign, complete, list_follow_ups
from runbook_keys.operations.services import Services


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal with the runbook installed."""
    made = Journal(tmp_path)
    made.install()
    return made


def _follow_ups(journal: Journal) -> list[FollowUp]:
    return journal.do(list_follow_ups).found


def test_a_follow_up_is_due_overdue_and_done_and_all_of_it_verifies(journal: Journal) -> None:
    """Its time runs from the end of the run; whoever has it and whoever did it stay on the record."""
    run = journal.run(*ESCALATED)
    first = _follow_ups(journal)[0]

    assert (first.standing(journal.clock.now()), first.due_at) == (
        Standing.DUE,
        first.ended_at + timedelta(hours=24),
    )
    journal.pass_(hours=25)
    assert _follow_ups(journal)[0].standing(journal.clock.now()) is Standing.OVERDUE
    journal.do(lambda at: assign(at, BELA, run, 1, "chidi"))
    journal.do(lambda at: complete(at, BELA, run, 1, "see the change"))
    done = next(one for one in _follow_ups(journal) if one.number == 1)

    assert (done.owner, done.done_by, done.standing(journal.clock.now())) == ("chidi", "bela", Standing.DONE)
    assert journal.do(verify).damages == ()


@pytest.mark.parametrize("number", [0, -1, 99])
def test_a_follow_up_that_is_not_there_is_refused_with_how_many_there_are(
    journal: Journal, number: int
) -> None:
    """Nothing is written, and the message says what the numbers are."""
    run = journal.run(*ESCALATED)

    with pytest.raises(Refused, match="numbered from 1"):
        journal.do(lambda at: complete(at, BELA, run, number))


def test_a_follow_up_that_is_done_is_not_done_again(journal: Journal) -> None:
    """The second person hears who did it and when; the record keeps the first, and that of another run is free."""
    run, other = journal.run(*ESCALATED), journal.run(*ESCALATED)
    journal.do(lambda at: complete(at, BELA, run, 1, "see the change"))
    said_at = journal.clock.now()
    journal.pass_(hours=1)

    with pytest.raises(Refused, match=rf"bela did follow-up 1 on {said_at:%Y-%m-%d %H:%M} UTC"):
        journal.do(lambda at: complete(at, ANNA, run, 1, "mine"))
    journal.do(lambda at: complete(at, ANNA, other, 1))
    assert {one.run: one.done_by for one in _follow_ups(journal)} == {run: "bela", other: "anna"}


def test_of_two_that_an_earlier_release_took_the_first_counts(journal: Journal) -> None:
    """Who did it first, and when, is not overwritten by whoever says so later."""
    run = journal.run(*ESCALATED)
    words = journal.do(lambda at: complete(at, BELA, run, 1))

    async def again(at: Services) -> None:
        head = await find_run(at, run)
        await at.store.append(run, head.seq, at.clock.now(), ANNA, [FollowUpDone(0, words)])

    journal.do(again)
    assert next(one for one in _follow_ups(journal) if one.number == 1).done_by == "bela"


def test_practice_leaves_no_follow_ups(journal: Journal) -> None:
    """A drill's tasks are nobody's."""
    journal.run(*ESCALATED, kind=RunKind.DRILL)

    assert _follow_ups(journal) == []


def _feedback(journal: Journal) -> list[Feedback]:
    async def look(at: Services) -> list[Feedback]:
        return await feedback_on(at, read_pack(at.library.load(SLUG), at.cache))

    return journal.do(look)


def test_feedback_is_shown_until_its_step_is_changed(journal: Journal) -> None:
    """Moving it in the file changes nothing; another text has heard it."""
    run = journal.run(*ESCALATED)
    journal.do(lambda at: give_feedback(at, BELA, run, "D1", "the dashboard has moved"))
    title = next(step.title for step in _runbook(journal).steps if step.label == "D1")
    journal.install(("## 2.", "A further line.\n\n## 2."))

    assert [("D1", "the dashboard has moved", "bela", "0.1.0")] == [
        (one.step, one.words, one.by, one.version) for one in _feedback(journal)
    ]
    journal.install((f"### D1. {title}", "### D1. Is it really so?"))
    assert _feedback(journal) == []


def _runbook(journal: Journal):
    async def look(at: Services):
        return read_pack(at.library.load(SLUG), at.cache).runbook

    return journal.do(look)


def test_feedback_on_a_step_that_is_not_there_is_refused(journal: Journal) -> None:
    """The message names the steps that are."""
    run = journal.run(*ESCALATED)

    with pytest.raises(Refused, match="D1"):
        journal.do(lambda at: give_feedback(at, BELA, run, "D99", "wrong"))


def test_the_72_hours_run_from_the_earliest_awareness_and_say_what_is_missing(journal: Journal) -> None:
    """A second declaration can't stop the first one's clock; what was given is no longer missing."""
    run = journal.run(*ESCALATED)
    known_at = journal.clock.now()
    journal.pass_(hours=3)
    journal.do(lambda at: become_aware(at, BELA, run, known_at))
    journal.do(lambda at: become_aware(at, BELA, run, None))
    journal.do(lambda at: detail(at, BELA, run, BreachDetail.FACTS, "mails to the wrong people"))
    journal.do(lambda at: detail(at, BELA, run, BreachDetail.NOTIFIED, "", journal.clock.now()))
    found = journal.do(lambda at: standing(at, run))

    assert found.notify_by == known_at + timedelta(hours=72)
    assert found.given == (BreachDetail.FACTS, BreachDetail.NOTIFIED)
    assert BreachDetail.EFFECTS in found.missing
    assert not {BreachDetail.FACTS, BreachDetail.NOTIFIED} & set(found.missing)


def test_nothing_is_recorded_of_a_breach_that_nobody_declared(journal: Journal) -> None:
    """First it is said since when somebody knows."""
    run = journal.run(*ESCALATED)

    with pytest.raises(Refused, match="keys aware"):
        journal.do(lambda at: detail(at, BELA, run, BreachDetail.FACTS, "x"))


def test_a_notice_is_not_dated_before_anybody_knew(journal: Journal) -> None:
    """It is refused with what to do; the minute of the awareness itself counts, and so does a correction of it."""
    run = journal.run(*ESCALATED)
    known_at = journal.clock.now() - timedelta(seconds=20)
    journal.do(lambda at: become_aware(at, BELA, run, known_at))
    earlier = known_at - timedelta(hours=2)

    with pytest.raises(Refused, match=r"is before .*, since when somebody knows.*keys aware RUN --at TIME"):
        journal.do(lambda at: detail(at, BELA, run, BreachDetail.NOTIFIED, "", earlier))
    assert journal.do(lambda at: standing(at, run)).given == ()
    minute = known_at.replace(second=0, microsecond=0)
    journal.do(lambda at: detail(at, BELA, run, BreachDetail.NOTIFIED, "", minute))
    journal.do(lambda at: become_aware(at, BELA, run, earlier))
    journal.do(lambda at: detail(at, BELA, run, BreachDetail.NOTIFIED, "", earlier))


def _readings(journal: Journal, run: str) -> list[tuple[str, str]]:
    async def look(at: Services) -> list[tuple[str, str]]:
        entries = [read(stored) for stored in await at.store.entries(run)]
        return [
            (entry.actor.name, entry.event.what) for entry in entries if isinstance(entry.event, RecordRead)
        ]

    return journal.do(look)


def test_a_reading_is_recorded_once_an_hour_and_never_for_the_driver(journal: Journal) -> None:
    """Who drove the run knows it; who looks ten times leaves one entry; an hour later it is a new one."""
    run = journal.run(*ESCALATED)
    for reader, minutes in [(ANNA, 0), (BELA, 1), (BELA, 30), (BELA, 40)]:
        journal.pass_(minutes=minutes)
        assert journal.do(lambda at, reader=reader: record_access(at, reader, [run], "timeline")) == ""

    assert _readings(journal, run) == [("bela", "timeline")] * 2
    assert journal.do(verify).damages == ()


def test_reading_a_run_that_is_being_driven_leaves_its_driver_alone(journal: Journal) -> None:
    """The fence of the driver is not touched, and the reader is told that the reading is not on record."""
    run = journal.run()

    async def read_while_driven(at: Services) -> str:
        claim = at.store.claim(run)
        try:
            return await record_access(at, BELA, [run], "timeline")
        finally:
            claim.release()

    assert "somebody is driving the run" in journal.do(read_while_driven)
    assert _readings(journal, run) == []


def test_feedback_on_a_run_that_is_being_driven_is_refused(journal: Journal) -> None:
    """Two hands on one record: the driver's is the one that counts."""
    run = journal.run()

    async def say_while_driven(at: Services) -> None:
        claim = at.store.claim(run)
        try:
            await give_feedback(at, BELA, run, "D1", "wrong")
        finally:
            claim.release()

    with pytest.raises(RunTaken):
        journal.do(say_while_driven)


def test_what_is_added_after_the_end_does_not_reopen_a_run(journal: Journal) -> None:
    """`keys resume` without a name takes the latest open run, not one that somebody has read since."""
    still_open = journal.run()
    journal.pass_(hours=1)
    run = journal.run(*ESCALATED)
    journal.do(lambda at: record_access(at, BELA, [run], "timeline"))

    async def latest(at: Services) -> str:
        return (await find_run(at, "")).run

    assert journal.do(latest) == still_open
