"""What stands on the pages of the installed runbooks, counted: structure, clarity, references. Runs nothing of them."""

from __future__ import annotations

import hashlib
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from runbook_keys.book.book import Book
from runbook_keys.drills.effort import BOUNDS
from runbook_keys.drills.effort_page import effort_page
from runbook_keys.drills.plan import branch_names
from runbook_keys.drills.qa_page import Clarity, PageFacts, References, Results, Structure, page
from runbook_keys.drills.records import (
    EffortRecord,
    MutationRecord,
    RunbookDrills,
    drills_of,
    efforts_of,
    mutation_of,
)
from runbook_keys.errors import UnknownKey
from runbook_keys.evidence.plots import Bar, bars
from runbook_keys.lint.prose import passages_of, sentences_in
from runbook_keys.lint.registry import LEVELS
from runbook_keys.lint.rules.long_sentence import MOST_WORDS
from runbook_keys.lint.vague import vagueness_in
from runbook_keys.model.finding import Finding, Level
from runbook_keys.model.runbook import HandOff, RollBack, Runbook, Target
from runbook_keys.operations.findings import findings_of
from runbook_keys.operations.library.keys import open_key
from runbook_keys.operations.packs import README, OpenPack, read_pack
from runbook_keys.operations.pins import key_blocks
from runbook_keys.operations.services import Services

Record = TypeVar("Record", RunbookDrills, MutationRecord, EffortRecord)

PICTURE = "operator-time.svg"

READ_AT_NIGHT = range(2, 9)
"""The sections whose sentences are counted."""


def page_facts(services: Services) -> tuple[PageFacts, ...]:
    """The facts of every installed runbook, by name. Raises InvalidPack where one can't be read."""
    packs = [services.library.load(slug) for slug in sorted(services.library.slugs())]
    found = findings_of(services, packs)
    opened = [read_pack(pack, services.cache) for pack in packs]
    return tuple(_facts(services, each, findings) for each, findings in zip(opened, found, strict=True))


def pages(services: Services, results: Results) -> dict[str, str]:
    """The pages and the picture, by their place below `docs/`."""
    return {
        "FINAL_QA_REPORT.md": page(page_facts(services), results),
        "reference/operator-time.md": effort_page(results.effort, PICTURE),
        f"reference/{PICTURE}": _picture(results.effort),
    }


def _picture(effort: Sequence[EffortRecord]) -> str:
    """Seconds a drill on average, by runbook and by how it is followed, for the usual operator."""
    rows = []
    for slug, records in groupby(sorted(effort, key=lambda each: each.slug), key=lambda each: each.slug):
        compared = [each.compared for each in records]
        for words, of_person in (
            ("by hand", [each.by_hand for each in compared]),
            ("with KEYS", [each.with_keys for each in compared]),
            ("--auto safe", [each.auto for each in compared]),
        ):
            person = statistics.mean(BOUNDS["usual"].seconds(each) for each in of_person)
            machine = statistics.mean(each.machine_seconds for each in compared)
            label = slug if words == "by hand" else ""
            rows.append(
                Bar(label, (("person", person), ("machine", machine)), f"{person + machine:.0f} s, {words}")
            )
    return bars("Seconds a drill on average, for the usual operator", rows) + "\n"


def kept(
    services: Services,
    earlier: Results,
    drills: Sequence[bytes],
    mutation: Sequence[bytes],
    version: str,
    day: str,
) -> Results:
    """The results with what was printed now in the place of what was known of the same runbooks; the last file counts.

    Times are UTC days.
    """
    known = digests(services)
    drilled, mutated, efforts = earlier.drills, earlier.mutation, earlier.effort
    for printed in drills:
        drilled = _merged(drilled, drills_of(printed, known))
        efforts = _merged(efforts, efforts_of(printed))
    for printed in mutation:
        mutated = _merged(mutated, [mutation_of(printed, known, day)])
    return Results(version, day, drilled, mutated, efforts)


def _merged(earlier: Sequence[Record], printed: Iterable[Record]) -> tuple[Record, ...]:
    """Sorted by runbook; what is fresh takes the place of what was there."""
    fresh = list(printed)
    renewed = {each.slug for each in fresh}
    left = [each for each in earlier if each.slug not in renewed]
    return tuple(sorted(left + fresh, key=lambda each: each.slug))


def digests(services: Services) -> dict[str, str]:
    """The SHA-256 of each installed runbook's README.md."""
    return {
        slug: hashlib.sha256(services.library.load(slug).files[README]).hexdigest()
        for slug in services.library.slugs()
    }


def _facts(services: Services, opened: OpenPack, findings: Sequence[Finding]) -> PageFacts:
    return PageFacts(
        slug=opened.metadata.slug,
        version=opened.metadata.version,
        digest=hashlib.sha256(opened.book.source).hexdigest(),
        structure=_structure(opened.book, findings),
        clarity=_clarity(opened.book),
        references=_references(services, opened),
    )


def _structure(book: Book, findings: Sequence[Finding]) -> Structure:
    steps = book.runbook.steps
    open_findings = [each for each in findings if each.suppressed_because is None]
    return Structure(
        steps=dict(Counter(step.kind.words for step in steps)),
        branches=len(branch_names(book.runbook)),
        irreversible=sum(str(step.safety) == "IRREVERSIBLE" for step in steps),
        rules=len(LEVELS),
        errors=sum(each.severity is Level.ERROR for each in open_findings),
        warnings=sum(each.severity is Level.WARNING for each in open_findings),
        suppressions=len(book.suppressions),
    )


def _clarity(book: Book) -> Clarity:
    text = book.source.decode().replace("\r\n", "\n")
    passages = [p for p in passages_of(text, book.runbook.sections) if p.section in READ_AT_NIGHT]
    sentences = [each for passage in passages for each in sentences_in(passage)]
    lengths = [each.words for each in sentences] or [0]
    return Clarity(
        sentences=len(sentences),
        mean_words=round(statistics.mean(lengths), 1),
        longest=max(lengths),
        most=MOST_WORDS,
        too_long=sum(length > MOST_WORDS for length in lengths),
        vague=sum(1 for each in sentences for _ in vagueness_in(each.text)),
    )


def _references(services: Services, opened: OpenPack) -> References:
    called = sorted({each.block.key for each in key_blocks(opened.runbook) if each.block.key})
    installed = services.library.slugs()
    text = opened.book.source.decode().replace("\r\n", "\n")
    return References(
        links=sum(p.masked.count("](") for p in passages_of(text, opened.runbook.sections)),
        keys=tuple((slug, _key_version(services, slug)) for slug in called),
        runbooks=tuple((slug, slug in installed) for slug in sorted(set(_hand_offs(opened.runbook)))),
    )


def _key_version(services: Services, slug: str) -> str:
    """The version of an installed KEY; empty where there is none."""
    try:
        return open_key(services.keys.load_key(slug)).metadata.version
    except UnknownKey:
        return ""


def _hand_offs(runbook: Runbook) -> Iterator[str]:
    ways: list[Target | None] = [exclusion.target for exclusion in runbook.exclusions]
    ways += [
        way for step in runbook.steps for branch in step.branches for way in (branch.target, branch.then)
    ]
    for way in ways:
        last = way.then if isinstance(way, RollBack) else way
        if isinstance(last, HandOff):
            yield last.slug
