"""What is kept of the last runs of drills and mutants: results, not outputs. Pure.

`keys drill … --format json` prints more than anybody keeps; this reads it and leaves out the rest.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from runbook_keys.drills.effort import Compared
from runbook_keys.drills.plan import LIMIT


class DrillRecord(Struct, frozen=True):
    """One drill. `steps` and `questions` are how many there were."""

    drill: str
    fault: str
    ending: str
    is_passed: bool
    milliseconds: int
    steps: int
    questions: int


class RunbookDrills(Struct, frozen=True):
    """The last drills of one runbook. `is_whole`: all of its drills were run; else coverage says nothing.

    `digest` is the README.md that was drilled, `ran_on` the day (UTC) that stands in the name of the run.
    """

    slug: str
    digest: str
    ran_on: str
    is_whole: bool
    drills: tuple[DrillRecord, ...]
    branches: int
    taken: int
    limits: int
    limits_taken: int
    excused: dict[str, str]
    unexplained: tuple[str, ...]

    @property
    def passed(self) -> int:
        """How many drills passed."""
        return sum(each.is_passed for each in self.drills)

    @property
    def median_seconds(self) -> float:
        """The middle one of the drills' times."""
        return statistics.median(each.milliseconds for each in self.drills) / 1000 if self.drills else 0.0


class Survivor(Struct, frozen=True):
    """A mutant that nobody noticed, and its line in README.md."""

    line: int
    kind: str
    what: str


class MutationRecord(Struct, frozen=True):
    """What became of a runbook's mutants. `most` 0 means all of them, else a sample by `seed`."""

    slug: str
    digest: str
    ran_on: str
    by_rules: int
    by_drills: int
    survivors: tuple[Survivor, ...]
    most: int = 0
    seed: int = 0

    @property
    def total(self) -> int:
        """How many mutants were looked at."""
        return self.by_rules + self.by_drills + len(self.survivors)


class EffortRecord(Struct, frozen=True):
    """What an operator did in one drill, with KEYS and by hand."""

    slug: str
    drill: str
    ran_on: str
    compared: Compared


def drills_of(printed: bytes, digests: Mapping[str, str]) -> list[RunbookDrills]:
    """The records in what `keys drill --format json` printed; runbooks without drills are left out."""
    return [_runbook(each, digests) for each in msgspec.json.decode(printed) if each["results"]]


def _runbook(report: Mapping[str, Any], digests: Mapping[str, str]) -> RunbookDrills:
    found = report["coverage"]
    limits = [name for name in _names(found) if name.endswith(LIMIT)]
    slug = report["slug"]
    return RunbookDrills(
        slug=slug,
        digest=digests.get(slug, ""),
        ran_on=max(_day(result) for result in report["results"]),
        is_whole=report["is_whole"],
        drills=tuple(_drill(result) for result in report["results"]),
        branches=found["total"],
        taken=len(found["taken"]),
        limits=len(limits),
        limits_taken=len(set(limits) & set(found["taken"])),
        excused=found["excused"],
        unexplained=tuple(found["unexplained"]),
    )


def _names(found: Mapping[str, Any]) -> Iterable[str]:
    return (*found["taken"], *found["excused"], *found["unexplained"])


def _day(result: Mapping[str, Any]) -> str:
    """The day in the name of a run, r-20261123-0312-k7qm."""
    day = result["run"].split("-")[1]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def _drill(result: Mapping[str, Any]) -> DrillRecord:
    return DrillRecord(
        drill=result["drill"],
        fault=result["fault"],
        ending=result["ending"] or "open",
        is_passed=not result["failures"],
        milliseconds=result["milliseconds"],
        steps=len(result["path"]),
        questions=result["questions"],
    )


def efforts_of(printed: bytes) -> list[EffortRecord]:
    """The records in what `keys drill --effort --format json` printed.

    A failed drill is no measurement, and neither is one by an older model, which did not know `--auto safe`.
    """
    return [
        EffortRecord(
            result["slug"], result["drill"], _day(result), msgspec.convert(result["effort"], Compared)
        )
        for report in msgspec.json.decode(printed)
        for result in report["results"]
        if "auto" in (result.get("effort") or {}) and not result["failures"]
    ]


def mutation_of(printed: bytes, digests: Mapping[str, str], day: str) -> MutationRecord:
    """The record in what `keys drill SLUG --mutate --format json` printed on that day."""
    report = msgspec.json.decode(printed)
    return MutationRecord(
        slug=report["slug"],
        digest=digests.get(report["slug"], ""),
        ran_on=day,
        by_rules=len(report["by_rules"]),
        by_drills=len(report["by_drills"]),
        survivors=tuple(Survivor(m["line"], m["kind"], m["what"]) for m in report["survivors"]),
        most=report.get("most", 0),
        seed=report.get("seed", 0),
    )
