"""A drill says what breaks when, what a person answers, and what makes it fail."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from runbook_keys.drills.later_breaks import BreakingOperator
from runbook_keys.drills.operator import ScriptedOperator
from runbook_keys.drills.plan import DrillPlan, LaterBreak, branch_names, check_fits, plans_of
from runbook_keys.drills.result import FollowedRun, Judgement, branches_of, failures_of
from runbook_keys.errors import DrillFailed
from runbook_keys.model import event as e
from runbook_keys.model import reply as r
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import (
    Branch,
    End,
    Ending,
    GoTo,
    Runbook,
    SafetyClass,
    Step,
    StepKind,
)
from runbook_keys.model.view import Asking, View, WayOut

WELL = Judgement(True)


def plan(**more: object) -> DrillPlan:
    """A drill that must end ESCALATED unless told otherwise."""
    return DrillPlan(**{"fault": "f", "description": "d", "ending": Ending.ESCALATED, **more})  # type: ignore[arg-type]


def screen(label: str, asking: Asking = Asking.LOOK, *words: str) -> View:
    """A screen at a step."""
    step = Step(label=label, kind=StepKind(label[0]), title="t", line=1, safety=SafetyClass.SAFE)
    return View(
        asking, "r", "slug", "Runbook", 0, step=step, ways_out=tuple(WayOut(w, None, "") for w in words)
    )


def scripted(given: DrillPlan) -> ScriptedOperator:
    """The script of a drill, telling nobody."""
    return ScriptedOperator("slug", given, lambda _view, _did: None)


class Company:
    """Something to break: it notes what broke, and what had been answered by then."""

    def __init__(self, *then: LaterBreak) -> None:
        self.happened: list[str] = []
        self.operator = BreakingOperator("slug", scripted(plan()), then, self._break)

    async def _break(self, fault: str) -> None:
        self.happened.append(f"break {fault}")

    async def show(self, view: View) -> None:
        """One screen, answered."""
        if view.asking is Asking.WATCHING:
            said = await self.operator.wait(view, datetime(2026, 1, 1, tzinfo=UTC))
        else:
            said = await self.operator.reply(view)
        self.happened.append(f"{view.step.label if view.step else ''} {type(said).__name__}")


def test_a_later_break_happens_once_before_the_screen_that_it_names_is_answered() -> None:
    """The second screen of D1 is broken before its answer; the first and the third are not."""
    company = Company(LaterBreak("D1", "fire", 2))

    async def run() -> None:
        for label in ("D1", "D2", "D1", "D1"):
            await company.show(screen(label))

    asyncio.run(run())

    assert ["D1 Proceed", "D2 Proceed", "break fire", "D1 Proceed", "D1 Proceed"] == company.happened
    assert [] == company.operator.pending


def test_a_wait_between_checks_is_a_screen_too() -> None:
    """So a watch can break after its first check was good."""
    company = Company(LaterBreak("V1", "fire", 2))

    async def run() -> None:
        await company.show(screen("V1"))
        await company.show(screen("V1", Asking.WATCHING))

    asyncio.run(run())

    assert ["V1 Proceed", "break fire", "V1 Wait"] == company.happened


def test_two_breaks_at_one_screen_happen_in_the_order_in_which_they_stand() -> None:
    """A service that comes back can find its database broken."""
    company = Company(LaterBreak("D1", "first"), LaterBreak("D1", "second"))

    asyncio.run(company.show(screen("D1")))

    assert ["break first", "break second", "D1 Proceed"] == company.happened


def test_a_break_whose_screen_never_came_is_still_pending() -> None:
    """So a drill that no longer tests what it says can fail for that."""
    company = Company(LaterBreak("D1", "fire", 2))

    asyncio.run(company.show(screen("D1")))

    assert [LaterBreak("D1", "fire", 2)] == company.operator.pending


def test_answers_follow_the_visits_and_the_last_one_stays() -> None:
    """Of two answers the first is for the first visit and the second for every later one; unknown words fall to the last."""
    operator = scripted(plan(answers={"D1": ("yes", "no"), "D2": "yes", "D3": "gone"}))

    async def said(label: str) -> r.Reply:
        return await operator.reply(screen(label, Asking.QUESTION, "yes", "no", "I can't tell"))

    async def run() -> list[r.Reply]:
        return [await said(label) for label in ("D1", "D2", "D1", "D1", "D2", "D3", "D4")]

    chosen = [reply.branch for reply in asyncio.run(run()) if isinstance(reply, r.Choose)]
    assert [0, 0, 1, 1, 0, 2, 2] == chosen


def started(label: str, safety: SafetyClass) -> e.AttemptStarted:
    """The intent of an action."""
    return e.AttemptStarted(label, Role.WORK, 1, safety, "bash", "true", "digest")


def taken(label: str, words: str) -> e.BranchTaken:
    """A way out that a run took."""
    return e.BranchTaken(label, 0, words, End(Ending.ESCALATED), e.BranchReason.MATCHED)


@pytest.mark.parametrize(
    ("given", "ending", "judgement", "events", "words"),
    [
        (plan(), Ending.RESOLVED, WELL, (), "It ended RESOLVED, and ESCALATED was right"),
        (plan(), Ending.ESCALATED, Judgement(True, unwanted=("a file",)), (), "no need to: a file"),
        (plan(must_change_nothing=True), Ending.ESCALATED, Judgement(True, changed=("x",)), (), "changed: x"),
        (plan(must_stay=("the release",)), Ending.ESCALATED, Judgement(True, changed=("the release was r1",)), (), "must stay"),
        (plan(must_be_gone=("Rows",)), Ending.ESCALATED, Judgement(False, problems=("Rows leak.",)), (), "must be gone: Rows leak."),
        (plan(must_run=("A1",)), Ending.ESCALATED, WELL, (), "never started A1"),
        (plan(ends_by="D1: gone"), Ending.ESCALATED, WELL, (taken("D1", "gone"), taken("D2", "else")), "“D2: else”, and “D1: gone” was right"),
        (plan(ends_by="D1: gone"), Ending.ESCALATED, WELL, (), "It ended by “”"),
        (plan(rolled_back=("A1",)), Ending.ESCALATED, WELL, (), "It undid nothing, and A1 was right"),
        (plan(), Ending.ESCALATED, WELL, (e.ActionRolledBack("A1"),), "It undid A1, and nothing was right"),
        (plan(), Ending.ESCALATED, WELL, (started("A2", SafetyClass.IRREVERSIBLE),), "It ran A2"),
        (
            plan(ending=Ending.RESOLVED),
            Ending.RESOLVED,
            Judgement(False, problems=("rows are missing",)),
            (),
            "the world is not well: rows are missing",
        ),
    ],
)  # fmt: skip
def test_a_drill_fails_for_its_reason(
    given: DrillPlan, ending: Ending, judgement: Judgement, events: tuple[e.Event, ...], words: str
) -> None:
    """Each way to fail is said in its own words, and alone."""
    (failure,) = failures_of(given, ending, judgement, [FollowedRun("slug", events)])

    assert words in failure


def test_what_a_drill_allows_does_not_fail_it() -> None:
    """A named irreversible action, a named undo, a change beside what must stay, a problem beside what must be gone."""
    given = plan(
        irreversible=("A2",),
        rolled_back=("A1",),
        must_stay=("the release",),
        must_be_gone=("Rows",),
        ends_by="D1: gone",
    )
    events = (started("A2", SafetyClass.IRREVERSIBLE), e.ActionRolledBack("A1"), taken("D1", "gone"))
    judgement = Judgement(False, problems=("not well",), changed=("the process was 1",))

    assert () == failures_of(given, Ending.ESCALATED, judgement, [FollowedRun("slug", events)])


def test_a_way_out_with_a_limit_counts_twice_and_reaching_the_limit_covers_the_second() -> None:
    """So going back once does not hide that nobody has tried what comes after the last time."""
    again = Branch("Anything else", GoTo("V1"), line=2, at_most=1)
    step = Step(
        label="V1", kind=StepKind.VERIFICATION, title="t", line=1, safety=SafetyClass.SAFE, branches=(again,)
    )
    names = branch_names(Runbook(title="t", steps=(step,)))

    taken = e.BranchTaken(
        "V1", 0, "Anything else", End(Ending.ESCALATED), e.BranchReason.MATCHED, is_limit_reached=True
    )

    assert ["V1: Anything else", "V1: Anything else (limit reached)"] == names
    assert names[1:] == list(branches_of([taken]))


def test_a_drill_file_with_an_unknown_field_is_refused_by_its_name() -> None:
    """A typing mistake in a drill must not quietly drop what it asks for."""
    content = b'{"fault": "f", "description": "d", "ending": "RESOLVED", "must_chang_nothing": true}'

    with pytest.raises(DrillFailed, match=r"drill/typo\.json"):
        plans_of({"drill/typo.json": content})


def asked() -> Runbook:
    """A runbook with one question."""
    ways = tuple(Branch(words, End(Ending.ESCALATED), line=2) for words in ("Yes", "No"))
    step = Step("D1", StepKind.DIAGNOSIS, "t", 1, SafetyClass.SAFE, branches=ways)
    return Runbook(title="t", steps=(step,))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (plan(answers={"D1": "Maybe"}), "'Maybe' at D1"),
        (plan(answers={"D1": ("Yes", "Maybe")}), "'Maybe' at D1"),
        (plan(answers={"D9": "Yes"}), "names D9"),
        (plan(then=(LaterBreak("V9", "fire"),)), "names V9"),
        (plan(rolled_back=("A9",)), "names A9"),
        (plan(irreversible=("A8",)), "names A8"),
        (plan(ends_by="D1: Maybe"), "ends by 'D1: Maybe'"),
    ],
)
def test_a_drill_that_no_longer_fits_its_runbook_is_refused(given: DrillPlan, words: str) -> None:
    """A reworded answer must not quietly become another one."""
    check_fits(plan(answers={"D1": ("Yes", "No")}, ends_by="D1: Yes"), asked())

    with pytest.raises(DrillFailed, match=words):
        check_fits(given, asked())


def test_a_drill_that_goes_on_in_another_runbook_names_its_steps_by_slug() -> None:
    """An answer for the neighbour's D1 is not one for our own, and what the neighbour undid is held against the plan."""
    given = plan(hands_over_to=("neighbour",), answers={"neighbour/D1": "Yes"}, rolled_back=("neighbour/A1",))
    theirs = msgspec.structs.replace(screen("D1", Asking.QUESTION, "Yes", "No"), slug="neighbour")
    runs = [FollowedRun("slug", ()), FollowedRun("neighbour", (e.ActionRolledBack("A1"),))]

    assert r.Choose(0, "drill: the screen says so") == asyncio.run(scripted(given).reply(theirs))
    assert () == failures_of(given, Ending.ESCALATED, WELL, runs)
    assert (
        "It undid neighbour/A1"
        in failures_of(plan(hands_over_to=("neighbour",)), Ending.ESCALATED, WELL, runs)[0]
    )


def test_a_drill_that_goes_on_where_it_should_not_fails() -> None:
    """And one that does not go on where it should."""
    alone, both = [FollowedRun("slug", ())], [FollowedRun("slug", ()), FollowedRun("neighbour", ())]

    assert "It went on in neighbour, and nothing was right." in failures_of(
        plan(), Ending.ESCALATED, WELL, both
    )
    (failure,) = failures_of(plan(hands_over_to=("neighbour",)), Ending.ESCALATED, WELL, alone)
    assert "It went on in nothing, and neighbour was right." == failure
