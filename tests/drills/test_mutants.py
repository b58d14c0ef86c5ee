"""Runbooks made wrong in one place: each mutant is wrong there, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook_keys.book.parse import parse
from runbook_keys.drills.mutants import Mutant, MutationKind, MutationReport, mutants_of
from runbook_keys.model.runbook import GoTo

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
