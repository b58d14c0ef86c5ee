"""Practise a runbook: break the world for real, follow the text, let the oracle judge."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from secrets import choice
from time import monotonic
from typing import Protocol

import msgspec
from msgspec import Struct

from runbook_keys.drills.by_hand import by_hand, raw_output, waiting_seconds
from runbook_keys.drills.effort import Compared, Effort, MeasuringOperator, words_in
from runbook_keys.drills.later_breaks import BreakingOperator
from runbook_keys.drills.operator import ScriptedOperator
from runbook_keys.drills.plan import (
    DrillPlan,
    LaterBreak,
    branch_names,
    check_fits,
    place_of,
    plans_of,
    uncovered_reasons,
)
from runbook_keys.drills.result import (
    Coverage,
    DrillResult,
    FollowedRun,
    Judgement,
    branches_of,
    coverage,
    failures_of,
)
from runbook_keys.drills.training import skipped, wrong_turns
from runbook_keys.engine.inputs import Score
from runbook_keys.errors import DrillFailed
from runbook_keys.journal.lines import read
from runbook_keys.model.actor import Actor
from runbook_keys.model.event import AttemptFinished, RunKind
from runbook_keys.model.outcome import Observation, Role
from runbook_keys.model.runbook import Runbook
from runbook_keys.model.view import View
from runbook_keys.operations.packs import OpenPack, read_pack
from runbook_keys.operations.recorded import find_run, reopen
from runbook_keys.operations.runs.run import RunReport, RunRequest, start
from runbook_keys.operations.services import Services
from runbook_keys.ports import Library, Operator


class World(Protocol):
    """A practice world that is up: broken, perhaps further while a run goes on, judged once. Blocking; a drill runs it in a thread."""

    def break_with(self, fault: str) -> None: ...  # noqa: D102
    def break_further(self, fault: str) -> None: ...  # noqa: D102
    def inputs(self) -> Mapping[str, str]: ...  # noqa: D102
    def judge(self) -> Judgement: ...  # noqa: D102
    def stop(self) -> None: ...  # noqa: D102
    def services(self) -> AbstractAsyncContextManager[Services]: ...  # noqa: D102


class DrillReport(Struct, frozen=True):
    """The drills of one pack and what they cover together. `is_whole`: all of the pack's drills were run."""

    slug: str
    runbook: Runbook
    results: tuple[DrillResult, ...]
    coverage: Coverage
    is_whole: bool


@dataclass(frozen=True)
class DrillRequest:
    """What to drill of one pack. `faults` empty means all of its drills; `operator` leads instead of the script.

    `is_training`: one drill that the operator does not know, scored at its end. `library` takes the place of the world's
    own. `rendered` gives the lines of a screen: with it the operator's effort is measured.
    """

    slug: str
    faults: tuple[str, ...] = ()
    operator: Operator | None = None
    is_training: bool = False
    library: Library | None = None
    rendered: Callable[[View], Sequence[str]] | None = None


Tell = Callable[[str], None]


async def drill(
    services: Services, world: Callable[[str], World], request: DrillRequest, tell: Tell
) -> DrillReport:
    """Run a pack's drills one after another, each in a fresh world. Raises DrillFailed where a world can't be had."""
    (report,) = await drill_all(services, world, (request,), tell)
    return report


async def drill_all(
    services: Services,
    world: Callable[[str], World],
    requests: Sequence[DrillRequest],
    tell: Tell,
    at_once: int = 1,
) -> list[DrillReport]:
    """Run the drills of several packs, `at_once` of them side by side, each in a fresh world. Raises DrillFailed."""
    packs = [_prepared(services, request) for request in requests]
    turn = asyncio.Semaphore(at_once)

    async def in_turn(pack: _Prepared, plan: DrillPlan) -> DrillResult:
        name = plan.name if len(packs) == 1 else f"{pack.request.slug}: {plan.name}"
        async with turn:
            if not pack.request.is_training:
                tell(f"{name}: {plan.description}")
            # Side by side their steps would only be mixed up.
            result = await _one(world, plan, pack.request, tell if at_once == 1 else _nobody)
            tell(_verdict(result, name))
            return result

    done = await asyncio.gather(*(in_turn(*each) for each in _mixed(packs)))
    results = {(result.slug, result.drill): result for result in done}
    return [_reported(pack, [results[pack.request.slug, plan.name] for plan in pack.plans]) for pack in packs]


@dataclass(frozen=True)
class _Prepared:
    request: DrillRequest
    opened: OpenPack
    plans: Sequence[DrillPlan]


def _prepared(services: Services, request: DrillRequest) -> _Prepared:
    opened = read_pack(services.library.load(request.slug), services.cache)
    plans = _chosen(plans_of(opened.pack.files), request)
    for plan in plans:
        check_fits(plan, opened.runbook)
    return _Prepared(request, opened, plans)


def _mixed(packs: Sequence[_Prepared]) -> list[tuple[_Prepared, DrillPlan]]:
    """Every pack's drills evenly over the whole time: the drills of one pack mostly wait, those of another mostly compute.

    Long ones begin first.
    """
    placed = [
        ((not plan.is_long, (number + 0.5) / len(pack.plans)), pack, plan)
        for pack in packs
        for number, plan in enumerate(pack.plans)
    ]
    return [(pack, plan) for _, pack, plan in sorted(placed, key=lambda each: each[0])]


def _reported(pack: _Prepared, results: Sequence[DrillResult]) -> DrillReport:
    runbook = pack.opened.runbook
    found = coverage(branch_names(runbook), results, uncovered_reasons(pack.opened.pack.files))
    return DrillReport(pack.request.slug, runbook, tuple(results), found, not pack.request.faults)


def _nobody(_line: str) -> None:
    pass


def _verdict(result: DrillResult, name: str) -> str:
    """A drill's verdict in one line."""
    verdict = "FAILED" if result.failures else "passed"
    return f"  {verdict}: {name}, {result.ending or 'open'}, {result.milliseconds / 1000:.1f} s"


def _chosen(plans: list[DrillPlan], request: DrillRequest) -> list[DrillPlan]:
    known = [plan.name for plan in plans]
    for fault in request.faults:
        if fault not in known:
            raise DrillFailed(
                f"{request.slug} has no drill {fault}. Its drills: {', '.join(known) or 'none'}."
            )
    chosen = [plan for plan in plans if not request.faults or plan.name in request.faults]
    return [choice(chosen)] if request.is_training and chosen else chosen


async def _one(
    world: Callable[[str], World], plan: DrillPlan, request: DrillRequest, tell: Tell
) -> DrillResult:
    up = await asyncio.to_thread(world, plan.world)
    try:
        await asyncio.to_thread(up.break_with, plan.fault)
        async with up.services() as services:
            chosen = replace(services, library=request.library) if request.library else services
            return await _followed(chosen, up, plan, request, tell)
    finally:
        await asyncio.to_thread(up.stop)


async def _followed(
    services: Services, world: World, plan: DrillPlan, request: DrillRequest, tell: Tell
) -> DrillResult:
    scripted = ScriptedOperator(request.slug, plan, lambda view, did: tell(_followed_line(view, did)))
    measured = MeasuringOperator(request.slug, request.operator or scripted, request.rendered or _unseen)
    operator = BreakingOperator(request.slug, measured, plan.then, _further(world, tell))
    kind = RunKind.TRAINING if request.is_training else RunKind.DRILL
    run = RunRequest(request.slug, kind=kind, follows_hand_offs=bool(plan.hands_over_to))
    began = monotonic()
    report = await start(services, operator, run)
    spent = round((monotonic() - began) * 1000)
    measured.ended(report.handover)
    judgement = await asyncio.to_thread(world.judge)
    runs = [await _run(services, each) for each in (*report.before, report)]
    path = _path(request.slug, report)
    failures = (*failures_of(plan, report.ending, judgement, runs), *_never_broken(operator.pending))
    if request.is_training and report.ending is not None:
        await _score(
            services, report.run, operator.actor, _scored(plan, runs, spent, operator.actor, failures)
        )
    return DrillResult(
        slug=request.slug,
        drill=plan.name,
        description=plan.description,
        fault=plan.fault,
        run=report.run,
        ending=report.ending,
        judgement=judgement,
        path=path,
        actions=await _actions(services, (*report.before, report)),
        questions=scripted.questions,
        milliseconds=spent,
        branches=branches_of([event for each in runs if each.slug == request.slug for event in each.events]),
        failures=failures,
        effort=await _effort(services, runs, measured) if request.rendered else None,
    )


def _unseen(_view: View) -> Sequence[str]:
    return ()


async def _effort(services: Services, runs: Sequence[FollowedRun], measured: MeasuringOperator) -> Compared:
    """What following the same path by hand would have taken beside what it took."""
    hand, notes, machine_ms, waits = Effort(), Effort(), 0, 0.0
    for run in runs:
        book = read_pack(services.library.load(run.slug), services.cache).book
        finished = [event for event in run.events if isinstance(event, AttemptFinished)]
        recovering = [event for event in finished if event.role is not Role.EVIDENCE]
        machine_ms += sum(event.duration_ms for event in recovering)
        printed = {event.step: await _words_printed(services, event.output_blob) for event in recovering}
        of_run, noted = by_hand(book, run.events, printed)
        hand, notes = hand + of_run, notes + noted
        waits += waiting_seconds(book.runbook, run.events)
    return Compared(measured.effort, hand, machine_ms / 1000, measured.auto, notes, waits)


async def _words_printed(services: Services, blob: str) -> int:
    content = await services.store.blob(blob) if blob else None
    if not content:
        return 0
    seen = msgspec.json.decode(content, type=Observation)
    returned = "".join(f"\n{each}" for each in (seen.rows, seen.result) if each)
    return words_in(raw_output(f"{seen.stdout}\n{seen.stderr}{returned}"))


def _scored(
    plan: DrillPlan, runs: Sequence[FollowedRun], milliseconds: int, actor: Actor, failures: Sequence[str]
) -> Score:
    turns = wrong_turns(plan, runs)
    return Score(actor.name, plan.name, milliseconds // 1000, turns, skipped(runs), not failures)


async def _score(services: Services, run: str, actor: Actor, score: Score) -> None:
    """Put it on the record of the run that has ended."""
    session, _ = await reopen(services, await find_run(services, run), needs_values=False)
    await session.tell(score, actor)


async def _run(services: Services, report: RunReport) -> FollowedRun:
    stored = await services.store.entries(report.run)
    return FollowedRun(report.slug, tuple(read(entry).event for entry in stored))


def _path(slug: str, last: RunReport) -> tuple[str, ...]:
    return tuple(
        place_of(report.slug, slug, label) for report in (*last.before, last) for label in report.view.path
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


async def _actions(services: Services, reports: Sequence[RunReport]) -> tuple[str, ...]:
    """The actions on the way, as `A1 Title`."""
    found: list[str] = []
    for report in reports:
        runbook = read_pack(services.library.load(report.slug), services.cache).runbook
        steps = (runbook.step(label) for label in dict.fromkeys(report.view.path))
        found += [f"{step.label} {step.title}" for step in steps if step and step.kind.is_changing]
    return tuple(found)


def _followed_line(view: View, did: str) -> str:
    step = view.step
    return f"  {step.label if step else ''} {view.question or (step.title if step else '')} [{did}]"
