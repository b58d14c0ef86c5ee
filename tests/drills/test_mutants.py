"""Runbooks made wrong in one place: each mutant is wrong there, and nowhere else."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from runbook_keys.book.parse import parse
from runbook_keys.bootstrap import PracticeWorld, services
from runbook_keys.config import Config
from runbook_keys.drills.mutants import Mutant, MutationKind, MutationReport, mutants_of
from runbook_keys.drills.result import Coverage, DrillResult, Judgement
from runbook_keys.errors import DrillFailed, RefusedInput
from runbook_keys.model.runbook import Ending, GoTo
from runbook_keys.operations.packs import read_pack
from runbook_keys.operations.practice.drill import DrillReport
from runbook_keys.operations.practice.mutate import MutationRequest, drilled_before, mutate, worth_drilling

ROOT = Path(__file__).parents[2]
COVERED = Coverage(0, (), {}, ())

README = (Path(__file__).parents[1] / "lint" / "base" / "queue-stuck" / "README.md").read_bytes()
BOOK = parse(README)
MUTANTS = list(mutants_of(BOOK))


def _of(kind: MutationKind) -> list[Mutant]:
    return [mutant for mutant in MUTANTS if mutant.kind is kind]


def test_every_kind_is_made_and_each_mutant_once() -> None:
    """No two mutants are the same text, and none is the right one."""
    assert {mutant.kind for mutant in MUTANTS} == set(MutationKind)
    assert len({mutant.source for mutant in MUTANTS}) == len(MUTANTS)
    assert README not in {mutant.source for mutant in MUTANTS}


@pytest.mark.parametrize("kind", [MutationKind.FLIPPED, MutationKind.WEAKENED])
def test_a_condition_is_wrong_in_its_one_line(kind: MutationKind) -> None:
    """All other lines are the author's own bytes."""
    for mutant in _of(kind):
        before, after = README.splitlines(), mutant.source.splitlines()
        assert [
            number for number, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1]
        ] == [mutant.line]


def test_there_is_a_flipped_mutant_for_every_condition() -> None:
    """A condition that is never flipped is one that nobody proves."""
    conditions = [branch for step in BOOK.runbook.steps for branch in step.branches if branch.condition]

    assert len(conditions) == len(_of(MutationKind.FLIPPED))


def test_swapped_targets_are_two_ways_out_of_one_step() -> None:
    """The words stay, what they lead to changes places."""
    for mutant in _of(MutationKind.SWAPPED):
        label = mutant.steps[0]
        before, after = BOOK.runbook.step(label), parse(mutant.source).runbook.step(label)
        assert before is not None
        assert after is not None
        assert [branch.words for branch in before.branches] == [branch.words for branch in after.branches]
        changed = [
            number
            for number, (one, other) in enumerate(zip(before.branches, after.branches, strict=True))
            if one.target != other.target
        ]
        assert 2 == len(changed)


def test_a_dropped_step_is_gone_and_nothing_leads_to_it() -> None:
    """Else the rules would notice a missing target, and nothing would be learnt of the drills."""
    for mutant in _of(MutationKind.DROPPED):
        label = mutant.what.partition(" ")[0]
        runbook = parse(mutant.source).runbook
        assert runbook.step(label) is None
        assert not [
            branch
            for step in runbook.steps
            for branch in step.branches
            if GoTo(label) in (branch.target, branch.then)
        ]
        assert len(runbook.steps) == len(BOOK.runbook.steps) - 1


def test_the_figures_of_a_report_add_up() -> None:
    """Caught by the rules, by drills, by nobody."""
    report = MutationReport("slug", tuple(MUTANTS[:3]), tuple(MUTANTS[3:9]), tuple(MUTANTS[9:10]))

    assert (10, 90) == (report.total, report.percent)


def test_a_mutant_names_the_ways_out_that_tell_it_from_the_right_text() -> None:
    """A verification that always passes shows only where it should not have passed."""
    for mutant in _of(MutationKind.WEAKENED):
        step = BOOK.runbook.step(mutant.steps[0])
        assert step is not None
        assert mutant.telling == tuple(f"{step.label}: {each.words}" for each in step.branches[1:])


def _result(drill: str, milliseconds: int, *branches: str) -> DrillResult:
    path = tuple(each.partition(":")[0] for each in branches)
    return DrillResult(
        "queue-stuck", drill, "", drill, "r-1", None, Judgement(True), path, (), 0, milliseconds, branches, ()
    )


def test_drills_that_go_another_way_come_before_quick_ones() -> None:
    """The quickest drill through a step may be the one that never meets what was changed there."""
    mutant = Mutant(MutationKind.FLIPPED, 1, "", ("D1",), b"", ("D1: It stands still",))
    quick, telling = _result("quick", 1, "D1: Anything else"), _result("telling", 9, "D1: It stands still")
    elsewhere = _result("elsewhere", 1, "D2: It stands still")
    assert [each.drill for each in worth_drilling(mutant, [quick, telling, elsewhere])] == [
        "telling",
        "quick",
    ]


def test_of_drills_that_go_another_way_one_that_recovers_comes_first() -> None:
    """Both end in a call for help when the targets of a step are swapped, and only one of them should not."""
    mutant = Mutant(MutationKind.SWAPPED, 1, "", ("D1",), b"", ("D1: It works", "D1: It fails"))
    calls, recovers = _result("calls", 1, "D1: It works"), _result("recovers", 9, "D1: It works")
    recovers = replace(recovers, ending=Ending.RESOLVED)
    assert [each.drill for each in worth_drilling(mutant, [calls, recovers])] == ["recovers", "calls"]


def test_a_line_without_mutants_is_refused(tmp_path: Path) -> None:
    """Nothing made wrong is nothing proven, and must not look like a runbook that is."""
    (tmp_path / "runbooks").mkdir()
    shutil.copytree(
        ROOT / "library/runbooks/stripe-webhook-failure", tmp_path / "runbooks/stripe-webhook-failure"
    )

    async def asked() -> None:
        wanted = MutationRequest("stripe-webhook-failure", lines=(1,))
        async with services(home=tmp_path, config=Config()) as at:
            await mutate(at, PracticeWorld, wanted, lambda _line: None)

    with pytest.raises(RefusedInput, match="Nothing in these lines"):
        asyncio.run(asked())


def test_a_machine_on_which_no_drill_runs_has_noticed_no_mutant(tmp_path: Path) -> None:
    """A world that does not start fails every drill, and would make a perfect score of it."""

    def no_world(name: str) -> PracticeWorld:
        raise DrillFailed(f"The world {name} can't be had.")

    async def asked() -> None:
        async with services(home=tmp_path, config=Config()) as at:
            slug = "stripe-webhook-failure"
            step = read_pack(at.library.load(slug), at.cache).runbook.steps[0]
            drilled = (_result("bad-release", 1, *(f"{step.label}: {each.words}" for each in step.branches)),)
            wanted = MutationRequest(slug, lines=(step.branches[0].line,), drilled=drilled)
            await mutate(at, no_world, wanted, lambda _line: None)

    with pytest.raises(DrillFailed, match="can't be had"):
        asyncio.run(asked())


def test_a_flipped_condition_shows_in_its_own_way_out_and_in_each_later_one() -> None:
    """Who took it goes on now, and who went on takes it now."""
    for mutant in _of(MutationKind.FLIPPED):
        step = BOOK.runbook.step(mutant.steps[0])
        assert step is not None
        later = [each.words for each in step.branches if each.line >= mutant.line]
        assert mutant.telling == tuple(f"{step.label}: {words}" for words in later)


def test_results_of_another_text_are_refused(tmp_path: Path) -> None:
    """What was drilled is not what would be made wrong."""
    (tmp_path / "runbooks").mkdir()
    shutil.copytree(
        ROOT / "library/runbooks/stripe-webhook-failure", tmp_path / "runbooks/stripe-webhook-failure"
    )

    async def asked(content: bytes) -> tuple[DrillResult, ...]:
        async with services(home=tmp_path, config=Config()) as at:
            return drilled_before(at, "stripe-webhook-failure", content)

    async def printed() -> bytes:
        async with services(home=tmp_path, config=Config()) as at:
            runbook = read_pack(at.library.load("stripe-webhook-failure"), at.cache).runbook
        report = DrillReport("stripe-webhook-failure", runbook, (_result("one", 1, "D1: x"),), COVERED, True)
        return msgspec.json.encode([report])

    content = asyncio.run(printed())
    assert [each.drill for each in asyncio.run(asked(content))] == ["one"]
    page = tmp_path / "runbooks/stripe-webhook-failure/README.md"
    page.write_text(
        page.read_text("utf-8").replace("Is our service running now?", "Does our service run now?"), "utf-8"
    )
    for refused in (content, b"[]", b"{"):
        with pytest.raises(RefusedInput):
            asyncio.run(asked(refused))
