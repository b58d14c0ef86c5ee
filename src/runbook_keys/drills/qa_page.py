"""`docs/FINAL_QA_REPORT.md`: what the last runs found, and what stands on the pages now. Pure; every figure is counted."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from runbook_keys.drills.effort import BOUNDS
from runbook_keys.drills.effort_page import MODES, ratio_of
from runbook_keys.drills.records import EffortRecord, MutationRecord, RunbookDrills

WANTED_PERCENT = 90
WANTED_SECONDS = 10


class Structure(Struct, frozen=True):
    """How many steps of each kind, ways out, rules that looked and what they found. `branches` count limits twice."""

    steps: dict[str, int]
    branches: int
    irreversible: int
    rules: int
    errors: int
    warnings: int
    suppressions: int


class Clarity(Struct, frozen=True):
    """The sentences of sections 2 to 8: how long they are in words, how many are longer than `most`, vague words."""

    sentences: int
    mean_words: float
    longest: int
    most: int
    too_long: int
    vague: int


class References(Struct, frozen=True):
    """Links outside code; the KEYS that are called, with the installed version (empty: none); the runbooks handed over to (installed?)."""

    links: int
    keys: tuple[tuple[str, str], ...]
    runbooks: tuple[tuple[str, bool], ...]


class PageFacts(Struct, frozen=True):
    """One runbook as it stands on its page now. `digest` is that of its README.md."""

    slug: str
    version: str
    digest: str
    structure: Structure
    clarity: Clarity
    references: References


class Results(Struct, frozen=True):
    """The last runs, and the program and the day (UTC) that they were kept with."""

    version: str
    kept_on: str
    drills: tuple[RunbookDrills, ...] = ()
    mutation: tuple[MutationRecord, ...] = ()
    effort: tuple[EffortRecord, ...] = ()


def page(facts: Sequence[PageFacts], results: Results) -> str:
    """The page, in Markdown."""
    parts = [
        _HEAD,
        *_summary(facts, results),
        *_structure(facts),
        *_clarity(facts),
        *_references(facts),
        *_drills(results.drills),
        *_mutation(results.mutation),
        *_effort(results.effort),
        _LANGUAGE,
        *_origin(results),
    ]
    return "\n\n".join(parts) + "\n"


_HEAD = """# Final QA report

What is proven about the shipped runbooks, in figures. `scripts/qa-report` made this page from the results of the last
runs in `docs/qa/` and from the runbooks as they are now; nothing on it is typed by hand. A test fails where the page is
not what the script makes."""

_LANGUAGE = """## Language

Three rules hold the language: `vague-words` (a list of phrases that make a tired person guess), `long-sentence` and
`placeholder`; the table of clarity counts what they look at. A test holds the public names of the code to the
[glossary](glossary.md). No rule checks spelling or grammar."""

_COMMANDS = """```
keys check library/runbooks
keys drill --all --effort --format json > .qa/drills.json
keys drill SLUG --mutate --after .qa/drills.json --format json > .qa/mutation-SLUG.json
scripts/qa-report keep --drills .qa/drills.json --mutation .qa/mutation-*.json
```"""


def _table(head: str, rows: Iterable[Sequence[object]]) -> str:
    columns = head.count("|") + 1
    marks = "|---" + "|---:" * (columns - 1) + "|"
    return "\n".join([f"| {head} |", marks, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def _summary(facts: Sequence[PageFacts], results: Results) -> Iterator[str]:
    total = sum(len(each.drills) for each in results.drills)
    passed = sum(each.passed for each in results.drills)
    found = sum(each.structure.errors + each.structure.warnings for each in facts)
    gaps = sum(len(each.unexplained) for each in results.drills if each.is_whole)
    yield "## In short"
    allowed = sum(each.structure.suppressions for each in facts)
    yield "\n".join(
        [
            f"- {len(facts)} runbooks, {found} findings of the rules, {allowed} suppressions.",
            f"- {passed} of {total} drills passed; {gaps} ways out neither taken nor excused.",
            f"- {_mutants(results.mutation)}",
            *(f"- **{each}**" for each in _missing(facts, results)),
        ]
    )


def _mutants(mutation: Sequence[MutationRecord]) -> str:
    total = sum(each.total for each in mutation)
    caught = total - sum(len(each.survivors) for each in mutation)
    return f"{caught} of {total} mutants were caught{_percent(caught, total)}."


def _percent(part: int, whole: int) -> str:
    return f" ({100 * part // whole} %)" if whole else ""


def _missing(facts: Sequence[PageFacts], results: Results) -> Iterator[str]:
    """What this page does not know, said before anybody reads a figure."""
    slugs = [each.slug for each in facts]
    drilled = {each.slug for each in results.drills}
    whole = {each.slug for each in results.drills if each.is_whole}
    all_mutants = {each.slug for each in results.mutation if not each.most}
    measured = {each.slug for each in results.effort}
    now = {each.slug: each.digest for each in facts}
    kept = {(each.slug, each.digest) for each in results.drills}
    kept |= {(each.slug, each.digest) for each in results.mutation}
    changed = {slug for slug, digest in kept if now.get(slug) != digest}
    for words, those in (
        ("Not drilled in the last run", [slug for slug in slugs if slug not in drilled]),
        ("Only some of the drills were run", [slug for slug in slugs if slug in drilled - whole]),
        ("Not all mutants were looked at", [slug for slug in slugs if slug not in all_mutants]),
        ("The operator's effort was not measured", [slug for slug in slugs if slug not in measured]),
        ("The text has changed since the results were kept", [slug for slug in slugs if slug in changed]),
    ):
        if those:
            yield f"{words}: {', '.join(those)}."


def _structure(facts: Sequence[PageFacts]) -> Iterator[str]:
    kinds = ("safety check", "diagnosis", "action", "verification")
    rules = facts[0].structure.rules if facts else 0
    yield "## Structure"
    yield f"`keys check` holds each runbook against {rules} rules ([all of them](reference/rules.md))."
    yield _table(
        "Runbook | Version | Safety checks | Diagnosis | Actions | Irreversible | Verifications | Ways out | Errors | Warnings | Suppressions",
        (
            (
                each.slug,
                each.version,
                *(each.structure.steps.get(kind, 0) for kind in kinds[:3]),
                each.structure.irreversible,
                each.structure.steps.get(kinds[3], 0),
                each.structure.branches,
                each.structure.errors,
                each.structure.warnings,
                each.structure.suppressions,
            )
            for each in facts
        ),
    )
    yield "A way out that may be taken a few times only counts twice: its limit leads elsewhere."


def _clarity(facts: Sequence[PageFacts]) -> Iterator[str]:
    most = facts[0].clarity.most if facts else 0
    yield "## Clarity"
    yield f"The sentences of sections 2 to 8, which are read at night. More than {most} words are a finding."
    yield _table(
        "Runbook | Sentences | Words on average | The longest | Too long | Vague phrases",
        (
            (
                e.slug,
                e.clarity.sentences,
                e.clarity.mean_words,
                e.clarity.longest,
                e.clarity.too_long,
                e.clarity.vague,
            )
            for e in facts
        ),
    )


def _references(facts: Sequence[PageFacts]) -> Iterator[str]:
    yield "## References"
    yield (
        "The rules `broken-link`, `unresolved-reference`, `unlisted-reference`, `unknown-mention` and `unfit-key-call` hold "
        "them. A run pins the digest of each KEY when it begins; the version is the installed one."
    )
    rows = (
        (
            each.slug,
            str(each.references.links),
            ", ".join(f"{slug} {version or '(not installed)'}" for slug, version in each.references.keys)
            or "none",
            ", ".join(
                slug if there else f"{slug} (not installed)" for slug, there in each.references.runbooks
            )
            or "none",
        )
        for each in facts
    )
    lines = [
        "| Runbook | Links | KEYS that it calls | Runbooks that it hands over to |",
        "|---|---:|---|---|",
    ]
    yield "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _drills(drills: Sequence[RunbookDrills]) -> Iterator[str]:
    yield "## Drills"
    if not drills:
        yield "No results are kept."
        return
    yield _table(
        "Runbook | Run on | Drills | Passed | Failed | Faults | Ways out taken | Limits taken | Excused | Neither | Median seconds",
        (_drill_row(each) for each in drills),
    )
    seconds = [one.milliseconds / 1000 for each in drills for one in each.drills]
    aim = "meets" if statistics.median(seconds) < WANTED_SECONDS else "misses"
    yield (
        f"All drills together: {sum(seconds):.0f} seconds one after another, the median is {statistics.median(seconds):.1f}; "
        f"that {aim} the aim of {WANTED_SECONDS}."
    )
    failed = [
        f"- {each.slug}: `{one.drill}` failed." for each in drills for one in each.drills if not one.is_passed
    ]
    if failed:
        yield "\n".join(failed)
    excused = [f"- {each.slug}, {name}: {reason}" for each in drills for name, reason in each.excused.items()]
    if excused:
        yield "Ways out that nobody can cause, each with its reason:"
        yield "\n".join(excused)
    gaps = [f"- {each.slug}, {name}" for each in drills if each.is_whole for name in each.unexplained]
    if gaps:
        yield "Ways out that are neither taken nor excused:"
        yield "\n".join(gaps)


def _drill_row(each: RunbookDrills) -> tuple[object, ...]:
    coverage: tuple[object, ...] = ("-", "-", "-", "-")
    if each.is_whole:
        coverage = (
            f"{each.taken} of {each.branches}",
            f"{each.limits_taken} of {each.limits}",
            len(each.excused),
            len(each.unexplained),
        )
    faults = len({one.fault for one in each.drills})
    failed = len(each.drills) - each.passed
    return (
        each.slug,
        each.ran_on,
        len(each.drills),
        each.passed,
        failed,
        faults,
        *coverage,
        f"{each.median_seconds:.1f}",
    )


def _mutation(mutation: Sequence[MutationRecord]) -> Iterator[str]:
    yield "## Mutation"
    if not mutation:
        yield "No results are kept."
        return
    yield f"Each runbook is made wrong in one place after another. The aim is {WANTED_PERCENT} % caught."
    yield _table(
        "Runbook | Run on | Mutants | Caught by rules | Caught by drills | By nobody | Caught",
        (
            (
                each.slug,
                each.ran_on,
                f"{each.total}{f' (a sample, seed {each.seed})' if each.most else ''}",
                each.by_rules,
                each.by_drills,
                len(each.survivors),
                _percent(each.total - len(each.survivors), each.total).strip(" ()"),
            )
            for each in mutation
        ),
    )
    survivors = [
        f"- {each.slug}, README.md:{one.line}: {one.kind}, `{one.what.replace('`', '')}`"
        for each in mutation
        for one in each.survivors
    ]
    if survivors:
        yield "Where a wrong runbook would go unnoticed:"
        yield "\n".join(survivors)


def _effort(effort: Sequence[EffortRecord]) -> Iterator[str]:
    yield "## Operator effort"
    if not effort:
        yield "No results are kept."
        return
    yield (
        f"The time with KEYS as a part of the time by hand, over {len(effort)} drills, for three operators; "
        "[how it is measured, and each drill](reference/operator-time.md)."
    )
    yield _table(
        f"With KEYS | {' | '.join(BOUNDS)}",
        (
            (words, *(f"{ratio_of(effort, bound, is_auto=is_auto):.2f}" for bound in BOUNDS.values()))
            for is_auto, words in MODES.items()
        ),
    )


def _origin(results: Results) -> Iterator[str]:
    yield "## Where the figures come from"
    yield f"runbook-keys {results.version}; results kept on {results.kept_on} (UTC). `make qa` runs these commands:"
    yield _COMMANDS
    yield (
        "Structure, clarity and references are counted anew whenever the page is made. Each runbook's results are those of "
        "its last run; the tables name the day."
    )
