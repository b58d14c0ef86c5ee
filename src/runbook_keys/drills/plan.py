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


class DrillPlan(Struct, frozen=True, forbid_unknown_fields=True):
    """One drill, named by its file: `answers` are the words that a person picks at a step, `evidence` what they answer in section 9.

    A drill that must change nothing fails when the oracle finds any change.
    """

    fault: str
    description: str
    ending: Ending
    name: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    must_change_nothing: bool = False


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


def branch_names(runbook: Runbook) -> list[str]:
    """Every way out of the tree, as `LABEL: words`."""
    return [f"{step.label}: {branch.words}" for step in runbook.steps for branch in step.branches]
