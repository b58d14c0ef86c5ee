"""Reads the golden set and its answers, and has each answer graded by what must stand in it."""

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from grading import Asking, Grade, Row, grade

BASELINE = "nightly"
NOT_SETTINGS = frozenset({"run", "kind", "put_back", "at", "question", "round", "content", "golden"})
LARGEST_BYTES = 256 * 1024 * 1024

Shares = dict[str, float]


@dataclass(frozen=True)
class Asked:
    """One way of answering: by question, the failure of each round (empty: it was right) and what was answered."""

    failures: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    topics: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    reasons: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def shares(self) -> Shares:
        """How often each question was answered rightly, 0 to 1."""
        return {name: found.count("") / len(found) for name, found in self.failures.items()}

    @property
    def rounds(self) -> int:
        """The fewest times that a question was asked."""
        return min((len(found) for found in self.failures.values()), default=0)


@dataclass(frozen=True)
class Material:
    """The accepted nights, the newest run, and what came of putting single settings back."""

    before: Asked
    now: Asked
    put_back: dict[str, Asked]
    changed: dict[str, tuple[str, str]]
    run: str
    runs_before: int
    left_out: int
    edited: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unreleased: str = ""


def digest(wanted: Row) -> str:
    """What says whether a golden question is the one that was asked: its text and what its answer must hold."""
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]


def read(answers: Path, golden: Path, run: str, asking: Asking, unreleased: str = "") -> Material:
    """Everything that the comparison needs. Raises ValueError in an operator's words."""
    wanted = {row["id"]: row for row in _rows(golden, "the golden set")}
    rows = _rows(answers, "the golden log")
    known = [row for row in rows if row.get("question") in wanted]
    nights = [row for row in known if row["kind"] == BASELINE]
    others = [row for row in known if row["kind"] != BASELINE]
    if not nights:
        raise ValueError("There is no accepted night in the golden log, so there is nothing to compare with.")
    if not others:
        raise ValueError("The golden set was not asked since the accepted nights. Ask it first.")
    newest = run or others[-1]["run"]
    mine = [row for row in others if row["run"] == newest]
    ways: dict[str, Asked] = defaultdict(Asked)
    for row in mine:
        _grade(row, wanted[row["question"]], ways[row.get("put_back") or ""], asking)
    before = Asked()
    for row in nights:
        _grade(row, wanted[row["question"]], before, asking)
    now = ways.pop("", None)
    if now is None:
        raise ValueError(f"The run {newest} has no answers as things are.")
    return Material(
        before=before,
        now=now,
        put_back=dict(ways),
        changed=_changed(nights[-1], mine[0]),
        run=newest,
        runs_before=len({row["run"] for row in nights}),
        left_out=len(rows) - len(known),
        edited=_edited([*nights, *mine], wanted),
        missing=_missing(rows, mine, wanted),
        unreleased=unreleased,
    )


def _edited(rows: list[Row], wanted: dict[str, Row]) -> tuple[str, ...]:
    """Ids of questions that were asked when the golden set held something else for them."""
    now = {name: digest(each) for name, each in wanted.items()}
    return tuple(
        sorted(
            {
                row["question"]
                for row in rows
                if row.get("golden", now[row["question"]]) != now[row["question"]]
            }
        )
    )


def _missing(rows: list[Row], mine: list[Row], wanted: dict[str, Row]) -> tuple[str, ...]:
    """Ids of questions of the last accepted night, or of the golden set, that one of this run's ways was not asked."""
    nights = [row for row in rows if row["kind"] == BASELINE]
    expected = wanted.keys() | {row["question"] for row in nights if row["run"] == nights[-1]["run"]}
    ways: dict[str, set[str]] = defaultdict(set)
    for row in mine:
        ways[row.get("put_back") or ""].add(row["question"])
    return tuple(sorted(expected - set.intersection(*ways.values())))


def _grade(row: Row, wanted: Row, into: Asked, asking: Asking) -> None:
    found: Grade = grade(str(row["content"]), wanted, asking)
    into.failures[row["question"]].append(found.kind)
    into.topics[row["question"]].append(found.topic)
    into.reasons[row["question"]].append(found.reason)


def _changed(night: Row, now: Row) -> dict[str, tuple[str, str]]:
    names = sorted((night.keys() & now.keys()) - NOT_SETTINGS)
    return {name: (str(night[name]), str(now[name])) for name in names if night[name] != now[name]}


def _rows(path: Path, words: str) -> list[Row]:
    if not path.is_file():
        raise ValueError(f"{path} is not there; it should hold {words}.")
    if path.stat().st_size > LARGEST_BYTES:
        raise ValueError(f"{path} has more than 256 MB. Cut {words} to the last week.")
    found = []
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as problem:
            raise ValueError(f"Line {number} of {path} is no JSON.") from problem
        if not isinstance(row, dict):
            raise ValueError(f"Line {number} of {path} is no object.")
        found.append(row)
    if not found:
        raise ValueError(f"{path} is empty; it should hold {words}.")
    return found
