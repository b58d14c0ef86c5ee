"""A runbook made wrong in one place, to see whether the rules or the drills notice. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.book.book import Book
from runbook_keys.book.render import render
from runbook_keys.model.runbook import Branch, End, GoTo, RollBack, Runbook, Step, StepKind, Target


class MutationKind(StrEnum):
    """What was made wrong."""

    FLIPPED = "condition flipped"
    SWAPPED = "targets swapped"
    DROPPED = "step dropped"
    WEAKENED = "verification weakened"


class Mutant(Struct, frozen=True):
    """One wrong runbook. `line` is where in the right `README.md`, `steps` the labels whose drills could notice.

    `telling` are the ways out, as `branch_names` names them, by which a drill goes another way than in the right runbook.
    """

    kind: MutationKind
    line: int
    what: str
    steps: tuple[str, ...]
    source: bytes
    telling: tuple[str, ...] = ()


def mutants_of(book: Book) -> Iterator[Mutant]:
    """Every mutant of a runbook, in the order of its steps."""
    for step in book.runbook.steps:
        yield from _flipped(book, step)
        yield from _swapped(book, step)
        yield from _dropped(book, step)
        yield from _weakened(book, step)


def _flipped(book: Book, step: Step) -> Iterator[Mutant]:
    for number, branch in enumerate(step.branches):
        if branch.condition is not None and not _leads_alike(step, number):
            changed = _with_branch(step, number, replace(branch, condition=f"!({branch.condition})"))
            what = f"{step.label}: not ({branch.condition})"
            # Those that took it go on now, and those that went on take it now.
            yield _mutant(book, MutationKind.FLIPPED, branch.line, what, changed, step.branches[number:])


def _leads_alike(step: Step, number: int) -> bool:
    """Whether all ways out from this one on lead to the same place: flipped, its condition leads nowhere else."""
    ways = step.branches[number:]
    return all((way.target, way.at_most) == (ways[0].target, None) for way in ways)


def _swapped(book: Book, step: Step) -> Iterator[Mutant]:
    for number, (one, other) in enumerate(zip(step.branches, step.branches[1:], strict=False)):
        if one.target == other.target or one.at_most is not None or other.at_most is not None:
            continue
        changed = _with_branch(step, number, replace(one, target=other.target))
        changed = _with_branch(changed, number + 1, replace(other, target=one.target))
        what = f"{step.label}: {one.words} → {other.target}, {other.words} → {one.target}"
        yield _mutant(book, MutationKind.SWAPPED, one.line, what, changed, [one, other])


def _weakened(book: Book, step: Step) -> Iterator[Mutant]:
    if step.kind is StepKind.VERIFICATION and step.block is not None and step.branches:
        first = step.branches[0]
        changed = _with_branch(step, 0, replace(first, condition="seconds >= 0.0"))
        what = f"{step.label}: always {first.words}"
        yield _mutant(book, MutationKind.WEAKENED, first.line, what, changed, step.branches[1:])


def _with_branch(step: Step, number: int, branch: Branch) -> Step:
    branches = list(step.branches)
    branches[number] = branch
    return replace(step, branches=tuple(branches))


def _mutant(
    book: Book, kind: MutationKind, line: int, what: str, changed: Step, telling: Sequence[Branch]
) -> Mutant:
    steps = tuple(changed if each.line == changed.line else each for each in book.runbook.steps)
    source = render(book, replace(book.runbook, steps=steps))
    return Mutant(kind, line, what, (changed.label,), source, _names(changed, telling))


def _names(step: Step, branches: Sequence[Branch]) -> tuple[str, ...]:
    return tuple(f"{step.label}: {branch.words}" for branch in branches)


def _dropped(book: Book, step: Step) -> Iterator[Mutant]:
    """The step is gone from the page, and whatever led to it leads to where its first way out did."""
    if (
        not step.branches
        or step.branches[0].at_most is not None
        or isinstance(step.branches[0].target, RollBack)
    ):
        return
    onward = step.branches[0].target
    if onward == GoTo(step.label):
        return
    runbook = _retargeted(book.runbook, step.label, onward)
    source = _without_lines(render(book, runbook), step.line, _last_line(book, step))
    what = f"{step.label} is gone; what led there leads to {onward}"
    yield Mutant(
        MutationKind.DROPPED, step.line, what, (step.label,), source, _names(step, step.branches[1:])
    )


def _leads_to(step: Step, label: str) -> bool:
    return any(_changed(branch.target, label, GoTo("")) != branch.target for branch in step.branches)


def _retargeted(runbook: Runbook, label: str, onward: GoTo | End | Target) -> Runbook:
    steps = (
        replace(step, branches=tuple(_turned(branch, label, onward) for branch in step.branches))
        for step in runbook.steps
    )
    return replace(runbook, steps=tuple(steps))


def _turned(branch: Branch, label: str, onward: Target) -> Branch:
    then = None if branch.then is None else _changed(branch.then, label, onward)
    return replace(branch, target=_changed(branch.target, label, onward), then=then)


def _changed(target: Target, label: str, onward: Target) -> Target:
    if target == GoTo(label):
        return onward
    if isinstance(target, RollBack) and target.then == GoTo(label) and not isinstance(onward, RollBack):
        return replace(target, then=onward)
    return target


def _last_line(book: Book, step: Step) -> int:
    later = [each.line for each in book.runbook.steps if each.line > step.line]
    later += [section.line for section in book.runbook.sections if section.line > step.line]
    return min(later) - 1 if later else len(book.source.splitlines())


def _without_lines(source: bytes, first: int, last: int) -> bytes:
    lines = source.splitlines(keepends=True)
    return b"".join(lines[: first - 1] + lines[last:])


class MutationReport(Struct, frozen=True):
    """What became of the mutants of a runbook: caught by the rules, caught by the drills, or by nobody.

    `most` 0 means that all were looked at, else a sample of so many by `seed`.
    """

    slug: str
    by_rules: tuple[Mutant, ...]
    by_drills: tuple[Mutant, ...]
    survivors: tuple[Mutant, ...]
    most: int = 0
    seed: int = 0

    @property
    def total(self) -> int:
        """How many there were."""
        return len(self.by_rules) + len(self.by_drills) + len(self.survivors)

    @property
    def percent(self) -> int:
        """How many of a hundred were caught."""
        return 100 * (self.total - len(self.survivors)) // max(self.total, 1)
