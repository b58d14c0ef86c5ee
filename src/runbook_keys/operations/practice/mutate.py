"""Does anybody notice when a runbook is wrong in one place? First the rules are asked, then the drills that pass there."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import Struct

from runbook_keys.book.checklist import checklist
from runbook_keys.book.parse import parse
from runbook_keys.drills.mutants import Mutant, MutationReport, mutants_of
from runbook_keys.drills.result import DrillResult
from runbook_keys.errors import DrillFailed, KeysError, RefusedInput
from runbook_keys.lint.profile import blocking
from runbook_keys.model.pack import Pack
from runbook_keys.model.runbook import Ending
from runbook_keys.operations.findings import findings_of
from runbook_keys.operations.packs import README, OpenPack, read_pack
from runbook_keys.operations.practice.drill import DrillRequest, Tell, World, drill, drill_all
from runbook_keys.operations.services import Services
from runbook_keys.ports import Library

MOST_DRILLS = 6
"""How many drills are run against one mutant."""


class MutationRequest(Struct, frozen=True):
    """Which runbook; how many mutants at most (0: all), chosen by `seed`; how many drills side by side.

    `drilled` are the results of all drills of the right text, where they are known; else they are run first. `lines` of
    README.md and `faults` narrow it down: only mutants that begin there, only these drills. Empty means all.
    """

    slug: str
    most: int = 0
    seed: int = 0
    at_once: int = 1
    drilled: tuple[DrillResult, ...] = ()
    lines: tuple[int, ...] = ()
    faults: tuple[str, ...] = ()


def drilled_before(services: Services, slug: str, content: bytes) -> tuple[DrillResult, ...]:
    """The results of a runbook's drills in what `keys drill --format json` printed. Raises RefusedInput.

    They must be of all drills, and of the text as it is now.
    """
    try:
        reports = msgspec.json.decode(content, type=list[_Drilled])
    except msgspec.DecodeError as error:
        raise RefusedInput(f"This is not what `keys drill --format json` prints: {error}.") from error
    report = next((each for each in reports if each.slug == slug and each.is_whole), None)
    now = msgspec.json.encode(read_pack(services.library.load(slug), services.cache).runbook)
    if report is None or msgspec.json.decode(now) != report.runbook:
        raise RefusedInput(
            f"It holds no results of all drills of {slug} as it is now. Make them: `keys drill {slug} --format json`."
        )
    return report.results


class _Drilled(Struct, frozen=True):
    """A DrillReport as JSON, as far as it is needed here."""

    slug: str
    runbook: dict[str, Any]
    results: tuple[DrillResult, ...]
    is_whole: bool


class Overlaid:
    """A library in which one runbook is another text."""

    def __init__(self, library: Library, slug: str, pack: Pack) -> None:
        self._library = library
        self._slug = slug
        self._pack = pack

    def load(self, name: str) -> Pack:
        """The other text for this one runbook."""
        return self._pack if name == self._slug else self._library.load(name)

    def gather(self, name: str) -> Sequence[Pack]:
        """As the library does."""
        return self._library.gather(name)

    def slugs(self) -> Sequence[str]:
        """As the library does."""
        return self._library.slugs()


async def mutate(
    services: Services, world: Callable[[str], World], request: MutationRequest, tell: Tell
) -> MutationReport:
    """Make the runbook wrong in one place after another. Raises DrillFailed where it fails its drills as it is."""
    opened = read_pack(services.library.load(request.slug), services.cache)
    mutants = _chosen(list(mutants_of(opened.book)), request)
    by_rules = [each for each in mutants if _is_refused(services, opened, each)]
    left = [each for each in mutants if each not in by_rules]
    tell(
        f"{request.slug}: {len(mutants)} mutants, {len(by_rules)} caught on the page, {len(left)} to be drilled."
    )
    drilled = await _baseline(services, world, request, tell) if left else ()
    turn = asyncio.Semaphore(request.at_once)

    async def is_caught(mutant: Mutant) -> bool:
        async with turn:
            caught = await _is_noticed(services, world, request.slug, opened, mutant, drilled)
            tell(f"  {'caught' if caught else 'SURVIVED'}: {mutant.kind}, line {mutant.line}, {mutant.what}")
            return caught

    noticed = await asyncio.gather(*map(is_caught, left))
    by_drills = [each for each, caught in zip(left, noticed, strict=True) if caught]
    survivors = [each for each in left if each not in by_drills]
    return MutationReport(
        request.slug, tuple(by_rules), tuple(by_drills), tuple(survivors), request.most, request.seed
    )


def _chosen(every: list[Mutant], request: MutationRequest) -> list[Mutant]:
    mutants = [each for each in every if not request.lines or each.line in request.lines]
    if not mutants:
        raise RefusedInput(
            "Nothing in these lines of README.md can be made wrong. A way out is named by its own line."
        )
    if not request.most or request.most >= len(mutants):
        return mutants
    picked = random.Random(request.seed).sample(range(len(mutants)), request.most)  # noqa: S311 - a sample, no secret
    return [mutants[number] for number in sorted(picked)]


def mutated(opened: OpenPack, mutant: Mutant) -> Pack:
    """The pack with the mutant's text, its printed page made again: a stale page alone is not to give it away."""
    book = parse(mutant.source, README)
    page = checklist(book.runbook, book.source, opened.metadata).encode()
    files = {**opened.pack.files, README: mutant.source, "checklist.md": page}
    return Pack(files, opened.pack.origin)


def _is_refused(services: Services, opened: OpenPack, mutant: Mutant) -> bool:
    (findings,) = findings_of(services, [mutated(opened, mutant)])
    return bool(blocking(findings))


async def _baseline(
    services: Services, world: Callable[[str], World], request: MutationRequest, tell: Tell
) -> tuple[DrillResult, ...]:
    """The drills of the right text: they must pass, and they say which of them pass where."""
    results = request.drilled
    if not results:
        whole = DrillRequest(request.slug, request.faults)
        (report,) = await drill_all(services, world, (whole,), tell, request.at_once)
        results = report.results
    results = tuple(each for each in results if not request.faults or each.drill in request.faults)
    failed = [result.drill for result in results if result.failures]
    if failed:
        raise DrillFailed(
            f"{request.slug} fails its own drills, so nothing can be learnt from mutants: {', '.join(failed)}."
        )
    return results


async def _is_noticed(
    services: Services,
    world: Callable[[str], World],
    slug: str,
    opened: OpenPack,
    mutant: Mutant,
    drilled: Sequence[DrillResult],
) -> bool:
    library = Overlaid(services.library, slug, mutated(opened, mutant))
    for result in worth_drilling(mutant, drilled):
        request = DrillRequest(slug, (result.drill,), library=library)
        try:
            report = await drill(replace(services, library=library), world, request, lambda _line: None)
        except KeysError:  # the drill no longer fits the text, or the run could not go on: noticed
            await _must_pass(services, world, slug, result.drill)
            return True
        if report.results[0].failures:
            return True
    return False


async def _must_pass(services: Services, world: Callable[[str], World], slug: str, name: str) -> None:
    """Raises KeysError where the right text fares no better: then it is this machine, and no mutant was noticed."""
    report = await drill(services, world, DrillRequest(slug, (name,)), lambda _line: None)
    if report.results[0].failures:
        raise DrillFailed(
            f"The drill {name} of {slug} fails now with the right text too. Mend that, then try again."
        )


def worth_drilling(mutant: Mutant, drilled: Sequence[DrillResult]) -> list[DrillResult]:
    """The drills by which a mutant is tried: those that tell it from the right text first, then the quickest.

    For each way out that tells, one that recovers comes before one that calls for help: a call for help often hides where
    the way there was wrong.
    """
    through = sorted(
        (result for result in drilled if set(mutant.steps) & set(result.path)),
        key=lambda result: result.milliseconds,
    )
    recovering = [result for result in through if result.ending is Ending.RESOLVED]
    telling = [
        next((result for result in results if way in result.branches), None)
        for results in (recovering, through)
        for way in mutant.telling
    ]
    ordered = {result.drill: result for result in (*telling, *through) if result is not None}
    return list(ordered.values())[:MOST_DRILLS]
