"""What a pack's `drill/` folder says: which faults, what a person would answer, how it must end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from runbook_keys.errors import DrillFailed
from runbook_keys.model.runbook import Ending, Runbook

FOLDER = "drill/"
UNCOVERED = "drill/uncovered.json"

T = TypeVar("T")


class LaterBreak(Struct, frozen=True, forbid_unknown_fields=True):
    """The world breaks once more, with `fault`, when the `screen`-th screen of the step `at` is shown (1-based).

    Each time that the operator is asked something at a step counts: to run it, to approve, which way, to wait for the
    next check. The break happens before the answer.
    """

    at: str
    fault: str
    screen: int = 1


class DrillPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """One drill, named by its file, in the department `world` of the practice company. It fails when the oracle or the journal disagrees with what stands here.

    `answers` are the words that a person picks at a step; of several the first is for the first time, the last for
    every later one. `evidence` is what they answer in section 9, `then` what breaks while the run goes on.
    `must_change_nothing` allows the oracle no change at all, `must_stay` none that begins with these words.
    `must_be_gone` are beginnings of the oracle's words for problems that no right run leaves behind, however it ends.
    `must_run` are actions that have to be started. `rolled_back` are the actions that were undone. `irreversible` are the actions that may run in a drill that does
    not end RESOLVED; there none may run unless it is named. `hands_over_to` are the runbooks that it goes on in, in
    order; their steps are named `SLUG/LABEL` everywhere here, and `ending` is that of the last one. `ends_by` is the last
    way out of all, as `branch_names` names it: its words say to whoever takes over why they were called. One that
    `is_long` begins first where drills run side by side, so that nothing waits for it alone at the end.
    """

    fault: str
    description: str
    ending: Ending
    world: str = "webhooks"
    name: str = ""
    answers: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    then: tuple[LaterBreak, ...] = ()
    must_change_nothing: bool = False
    must_stay: tuple[str, ...] = ()
    must_be_gone: tuple[str, ...] = ()
    must_run: tuple[str, ...] = ()
    hands_over_to: tuple[str, ...] = ()
    rolled_back: tuple[str, ...] = ()
    irreversible: tuple[str, ...] = ()
    ends_by: str = ""
    is_long: bool = False


def plans_of(files: Mapping[str, bytes]) -> list[DrillPlan]:
    """The drills of a pack, by file name. Raises DrillFailed naming a file that can't be read."""
    names = sorted(
        name for name in files if name.startswith(FOLDER) and name.endswith(".json") and name != UNCOVERED
    )
    return [_named(name, _decoded(name, files[name], DrillPlan)) for name in names]


def _named(file: str, plan: DrillPlan) -> DrillPlan:
    return replace(plan, name=file.removeprefix(FOLDER).removesuffix(".json"))


def uncovered_reasons(files: Mapping[str, bytes]) -> dict[str, str]:
    """Why a branch is not drilled, keyed by `LABEL: words of the way out`."""
    return _decoded(UNCOVERED, files[UNCOVERED], dict[str, str]) if UNCOVERED in files else {}


def _decoded(name: str, content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise DrillFailed(f"{name} can't be read: {error}. See docs/reference/drills.md.") from error


def check_fits(plan: DrillPlan, runbook: Runbook) -> None:
    """Raises DrillFailed where the drill names a step or an answer that the runbook does not have.

    Else a reworded answer would quietly become the last way out, and the drill would test something else.
    """
    named = {
        *plan.answers,
        *(each.at for each in plan.then),
        *plan.must_run,
        *plan.rolled_back,
        *plan.irreversible,
    }
    unknown = sorted(label for label in named if "/" not in label and runbook.step(label) is None)
    if unknown:
        raise DrillFailed(
            f"The drill {plan.name} names {', '.join(unknown)}, and the runbook has no such step."
        )
    if plan.ends_by and not plan.hands_over_to and plan.ends_by not in branch_names(runbook):
        raise DrillFailed(
            f"The drill {plan.name} ends by {plan.ends_by!r}, and the runbook has no such way out."
        )
    for label, given in plan.answers.items():
        step = runbook.step(label)
        if step is None:
            continue
        known = [branch.words for branch in step.branches]
        for words in (given,) if isinstance(given, str) else given:
            if words not in known:
                raise DrillFailed(
                    f"The drill {plan.name} answers {words!r} at {label}, which is no way out of it. "
                    f"Its ways out: {'; '.join(known)}."
                )


def place_of(slug: str, own: str, label: str) -> str:
    """How a drill of the runbook `own` names a step of the runbook `slug`."""
    return label if slug == own else f"{slug}/{label}"


LIMIT = " (limit reached)"


def branch_names(runbook: Runbook) -> list[str]:
    """Every way out of the tree, as `LABEL: words`; one that may be taken a few times only has a second, at its limit."""
    return [
        f"{step.label}: {branch.words}{limit}"
        for step in runbook.steps
        for branch in step.branches
        for limit in ("",) + (LIMIT,) * (branch.at_most is not None)
    ]
