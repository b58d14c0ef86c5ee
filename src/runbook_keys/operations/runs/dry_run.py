"""What a run would do: every step's command, the names of its values, and where each answer leads. Runs nothing."""

from __future__ import annotations

from msgspec import Struct

from runbook_keys.driver.blocks import names_in
from runbook_keys.driver.views import ways_out
from runbook_keys.engine.effects import block_of
from runbook_keys.engine.state import State
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import Block, Runbook, Step
from runbook_keys.model.view import WayOut
from runbook_keys.operations.packs import OpenPack, read_pack
from runbook_keys.operations.services import Services


class DryBlock(Struct, frozen=True):
    """One block of a step and the names of the values that it reads."""

    role: Role
    block: Block
    value_names: tuple[str, ...]


class DryStep(Struct, frozen=True):
    """One step: what would run, and its ways out."""

    step: Step
    blocks: tuple[DryBlock, ...]
    ways_out: tuple[WayOut, ...]


class DryRun(Struct, frozen=True):
    """The whole tree in the order of the page; `missing` names the inputs without a value."""

    title: str
    slug: str
    steps: tuple[DryStep, ...]
    missing: tuple[str, ...]


def dry_run(services: Services, slug: str, values: dict[str, str]) -> DryRun:
    """Raises UnknownRunbook or InvalidPack. A missing input is named, not refused."""
    opened = read_pack(services.library.load(slug), services.cache)
    known = _known_names(opened)
    steps = tuple(_dry_step(opened.runbook, step, known) for step in opened.runbook.steps)
    return DryRun(opened.runbook.title, opened.metadata.slug, steps, _missing(services, opened, values))


def _known_names(opened: OpenPack) -> set[str]:
    captured = {step.block.capture for step in opened.runbook.steps if step.block and step.block.capture}
    return {wanted.name for wanted in opened.metadata.inputs} | captured


def _dry_step(runbook: Runbook, step: Step, known: set[str]) -> DryStep:
    blocks = (
        (role, block_of(step, role)) for role in (Role.WORK, Role.PROBE, Role.ROLLBACK, Role.ROLLBACK_CHECK)
    )
    dry = tuple(DryBlock(role, block, names_in(block, known)) for role, block in blocks if block is not None)
    return DryStep(step, dry, ways_out(runbook, State(), step))


def _missing(services: Services, opened: OpenPack, values: dict[str, str]) -> tuple[str, ...]:
    has = {**services.environment, **services.config.inputs_for(opened.metadata.slug), **values}
    return tuple(
        wanted.name
        for wanted in opened.metadata.inputs
        if not has.get(wanted.name) and wanted.default is None
    )
