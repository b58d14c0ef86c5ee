"""A step, check or probe that may only look holds a command that changes something."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.changing import change_by, change_by_redirect, scratch_names
from runbook_keys.lint.fault import Fault
from runbook_keys.lint.material import Material, PlacedBlock
from runbook_keys.lint.script import Script
from runbook_keys.lint.sql import change_in_sql
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import StepKind

NAME = "changing-safe-step"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each known change in a place that is for looking."""
    for scripted in material.scripts:
        if _may_only_look(scripted.place):
            for what, line in _changes(scripted.script):
                yield _fault(scripted.place, what, line)
    for placed in material.sql_blocks:
        change = change_in_sql(placed.block.text) if _may_only_look(placed) else None
        if change is not None:
            yield _fault(placed, change.what, change.line)


def _may_only_look(placed: PlacedBlock) -> bool:
    """An action that is called SAFE is reported by its class; what it runs is then no news."""
    is_action = placed.step is not None and placed.step.kind is StepKind.ACTION
    return placed.is_looking and not (is_action and not placed.role.is_looking_only)


def _changes(script: Script) -> Iterator[tuple[str, int]]:
    scratch = scratch_names(script)
    for command in script.commands:
        if what := change_by(command, scratch):
            yield what, command.line
    for redirect in script.redirects:
        if what := change_by_redirect(redirect, scratch):
            yield what, redirect.to.line if redirect.to else 1


def _fault(placed: PlacedBlock, what: str, line: int) -> Fault:
    reason = f"{placed.as_subject} may only look, and here it {what}."
    return Fault(
        placed.line(line), reason, "Move the change into an action in section 6, or look without changing."
    )
