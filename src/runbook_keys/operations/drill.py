"""Practise a runbook: break the world for real, follow the text, let the oracle judge."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from msgspec import Struct

from runbook_keys.drills.later_breaks import BreakingOperator
from runbook_keys.drills.operator import ScriptedOperator
from runbook_keys.drills.plan import (
    DrillPlan,
    LaterBreak,
    branch_names,
    check_fits,
    plans_of,
    uncovered_reasons,
)
from runbook_keys.drills.result import Coverage, DrillResult, Judgement, branches_of, coverage, failures_of
from runbook_keys.errors import DrillFailed
from runbook_keys.journal.lines import read
from runbook_keys.model.event import RunKind
from runbook_keys.model.runbook import Runbook
from runbook_keys.model.view import View
from runbook_keys.operations.packs import read_pack
from runbook_keys.operations.run import RunRequest, start
from runbook_keys.operations.services import Services
from runbook_keys.ports import Operator


class World(Protocol):
    """A practice world that is up: broken, perhaps further while a run goes on, judged once. Blocking; a drill runs it in a thread."""

    def break_with(self, fault: str) -> None: ...  # noqa: D102
    def break_further(self, fault: str) -> None: ...  # noqa: D102
    def inputs(self) -> Mapping[str, str]: ...  # noqa: D102
    def judge(self) -> Judgement: ...  # noqa: D102
    def stop(self) -> None: ...  # noqa: D102
    def services(self) -> AbstractAsyncContextManager[Services]: ...  # noqa: D102


class DrillReport(Struct, frozen=True):
    """The drills of one pack and what they cover together."""

    slug: str
    results: tuple[DrillResult, ...]
    coverage: Coverage


@dataclass(frozen=True)
class DrillRequest:
    """What to drill. `faults` empty means all of the pack's; `operator` leads instead of the script."""

    slug: str
    faults: tuple[str, ...] = ()
    operator: Operator | None = None


Tell = Callable[[str], None]


async def drill(
    services: Services, world: Callable[[str], World], request: DrillRequest, tell: Tell
) -> DrillReport:
    """Run the drills one after another, each in a fresh world. Raises DrillFailed where a world can't be had."""
    opened = read_pack(services.library.load(request.slug), services.cache)
    plans = _chosen(plans_of(opened.pack.files), request)
    for plan in plans:
        check_fits(plan, opened.runbook)
    results = []
    for plan in plans:
        tell(f"{plan.name}: {plan.description}")
        results.append(await _one(world, plan, request, tell))
    names = branch_names(opened.runbook)
    reasons = uncovered_reasons(opened.pack.files)
    return DrillReport(request.slug, tuple(results), coverage(names, results, reasons))


def _chosen(plans: list[DrillPlan], request: DrillRequest) -> list[DrillPlan]:
    known = [plan.name for plan in plans]
    for fault in request.faults:
        if fault not in known:
            raise DrillFailed(
                f"{request.slug} has no drill {fault}. Its drills: {', '.join(known) or 'none'}."
            )
    return [plan for plan in plans if not request.faults or plan.name in request.faults]


async def _one(
    world: Callable[[str], World], plan: DrillPlan, request: DrillRequest, tell: Tell
) -> DrillResult:
    up = await asyncio.to_thread(world, plan.world)
    try:
        await asyncio.to_thread(up.break_with, plan.fault)
        async with up.services() as services:
            return await _followed(services, up, plan, request, tell)
    finally:
        await asyncio.to_thread(up.stop)


async def _followed(
    services: Services, world: World, plan: DrillPlan, request: DrillRequest, tell: Tell
) -> DrillResult:
    scripted = ScriptedOperator(plan, lambda view, did: tell(_followed_line(view, did)))
    operator = BreakingOperator(request.operator or scripted, plan.then, _further(world, tell))
    opened = read_pack(services.library.load(request.slug), services.cache)
    declared = {wanted.name for wanted in opened.metadata.inputs}
    values = {name: value for name, value in world.inputs().items() if name in declared}
    run = RunRequest(request.slug, values, kind=RunKind.DRILL, follows_hand_offs=False)
    began = monotonic()
    report = await start(services, operator, run)
    spent = round((monotonic() - began) * 1000)
    judgement = await asyncio.to_thread(world.judge)
    events = [read(stored).event for stored in await services.store.entries(report.run)]
    return DrillResult(
        slug=request.slug,
        drill=plan.name,
        description=plan.description,
        fault=plan.fault,
        run=report.run,
        ending=report.ending,
        judgement=judgement,
        path=report.view.path,
        actions=_actions(opened.runbook, report.view.path),
        questions=scripted.questions,
        milliseconds=spent,
        branches=branches_of(events),
        failures=(*failures_of(plan, report.ending, judgement, events), *_never_broken(operator.pending)),
    )


def _further(world: World, tell: Tell) -> Callable[[str], Awaitable[None]]:
    async def break_further(fault: str) -> None:
        tell(f"  now it also breaks: {fault}")
        await asyncio.to_thread(world.break_further, fault)

    return break_further


def _never_broken(pending: Sequence[LaterBreak]) -> list[str]:
    return [
        f"It never came to screen {each.screen} of {each.at}, where {each.fault} was to happen."
        for each in pending
    ]


def _actions(runbook: Runbook, path: Sequence[str]) -> tuple[str, ...]:
    """The actions on the way, as `A1 Title`."""
    steps = (runbook.step(label) for label in dict.fromkeys(path))
    return tuple(f"{step.label} {step.title}" for step in steps if step is not None and step.kind.is_changing)


def _followed_line(view: View, did: str) -> str:
    step = view.step
    return f"  {step.label if step else ''} {view.question or (step.title if step else '')} [{did}]"
