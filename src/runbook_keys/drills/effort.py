"""How much an operator reads, types and decides, and how long that takes by the Keystroke-Level Model. Pure.

Card, Moran, Newell: The Keystroke-Level Model for User Performance Time with Interactive Systems, CACM 23(7), 1980.
Reading speed: Brysbaert, How many words do we read per minute?, 2019. The model's own error is 21 %, and it covers
expert, error-free work: no thinking, no looking for the right page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from runbook_keys.model import reply as r
from runbook_keys.model.actor import Actor
from runbook_keys.model.runbook import SafetyClass
from runbook_keys.model.view import Asking, View
from runbook_keys.ports import Operator

MODEL_ERROR = 0.21
MOST_OUTPUT_LINES = 20
OUTPUT_COLUMNS = 76


class Effort(Struct, frozen=True):
    """What a person did: words read, keys pressed, targets pointed at, hands moved, decisions made."""

    words: int = 0
    keys: int = 0
    pointings: int = 0
    homings: int = 0
    decisions: int = 0

    def __add__(self, other: Effort) -> Effort:
        return Effort(
            self.words + other.words,
            self.keys + other.keys,
            self.pointings + other.pointings,
            self.homings + other.homings,
            self.decisions + other.decisions,
        )

    def without(self, part: Effort) -> Effort:
        """This effort less a part of it."""
        return Effort(
            self.words - part.words,
            self.keys - part.keys,
            self.pointings - part.pointings,
            self.homings - part.homings,
            self.decisions - part.decisions,
        )


class Bound(Struct, frozen=True):
    """The model's times in seconds: a key, a pointing with its click, a hand's move, a decision; words a minute."""

    key: float
    pointing: float
    decision: float
    words_a_minute: int
    homing: float = 0.40

    def seconds(self, effort: Effort) -> float:
        """How long the effort takes, without the machine's own time."""
        return (
            effort.keys * self.key
            + effort.pointings * self.pointing
            + effort.homings * self.homing
            + effort.decisions * self.decision
            + effort.words * 60 / self.words_a_minute
        )


BOUNDS = {
    "fast": Bound(0.12, 1.00, 1.35, 300),
    "usual": Bound(0.28, 1.30, 1.35, 238),
    "3 AM": Bound(0.28, 1.70, 2.70, 175),
}
"""Three operators. The doubled decisions and slower reading at 3 AM are our assumption, not a measurement."""


def words_in(text: str) -> int:
    """How many words a text has; signs alone are none."""
    return sum(any(char.isalnum() for char in word) for word in text.split())


def output_lines(output: str) -> list[str]:
    """The beginning of an output, as the terminal shows it."""
    return [line[:OUTPUT_COLUMNS] for line in output.splitlines()[:MOST_OUTPUT_LINES]]


class Reading:
    """What one person has read so far and done."""

    def __init__(self, first_line: str) -> None:
        self.effort = Effort(keys=len(f"{first_line}\n"), decisions=1)
        self._known: set[str] = set()
        self._printed = 0

    def see(self, output: str) -> None:
        """Output as it comes, as much as the terminal shows of it between two screens."""
        lines = output_lines(output)[: MOST_OUTPUT_LINES - self._printed]
        self._printed += len(lines)
        self._read(lines)

    def add(self, lines: Sequence[str], keys: int, tried: int) -> None:
        """One screen and its answer. Lines that an earlier screen had are known and not read again."""
        self._printed = 0
        self._read(lines)
        self.effort += Effort(keys=keys, decisions=tried)

    def _read(self, lines: Sequence[str]) -> None:
        fresh = [line for line in lines if line not in self._known]
        self._known |= set(fresh)
        self.effort += Effort(words=sum(map(words_in, fresh)))


class MeasuringOperator:
    """Passes every screen on to `operator` and counts what was shown (by `rendered`) and what was typed.

    One decision for each screen, and one more for each way out that a person has to try before theirs. `auto` counts
    what is left of it under `--auto safe`, where looks are not asked for and not shown.
    """

    def __init__(self, slug: str, operator: Operator, rendered: Callable[[View], Sequence[str]]) -> None:
        self._operator = operator
        self._rendered = rendered
        self._each = Reading(f"keys run {slug}")
        self._auto = Reading(f"keys run {slug} --auto safe")

    @property
    def actor(self) -> Actor:
        """Whoever really answers."""
        return self._operator.actor

    @property
    def effort(self) -> Effort:
        """What it took where each look is asked for."""
        return self._each.effort

    @property
    def auto(self) -> Effort:
        """What it took where only the rest is asked for."""
        return self._auto.effort

    async def reply(self, view: View) -> r.Reply:
        """The operator's answer, counted."""
        return self._counted(view, await self._operator.reply(view))

    async def wait(self, view: View, until: datetime) -> r.Reply:
        """The operator's answer to a wait, counted."""
        return self._counted(view, await self._operator.wait(view, until))

    def progress(self, view: View, text: str) -> None:
        """Output as it comes is read."""
        for reading in (self._each, self._auto):
            reading.see(text)
        self._operator.progress(view, text)

    def ended(self, lines: Sequence[str]) -> None:
        """The last screen is read as well; nothing is asked on it."""
        for reading in (self._each, self._auto):
            reading.add(lines, keys=0, tried=0)

    def _counted(self, view: View, reply: r.Reply) -> r.Reply:
        # Section 9 is written down on both sides alike, after the recovery: it is counted on neither.
        if view.asking is not Asking.EVIDENCE:
            lines = self._rendered(view)
            tried = reply.branch + 1 if isinstance(reply, r.Choose) else 1
            for reading in [self._each] if view.asking is Asking.LOOK else [self._each, self._auto]:
                reading.add(lines, _keys(view, reply), tried)
        return reply


def _keys(view: View, reply: r.Reply) -> int:
    """How many keys this answer takes on this screen, Enter counted."""
    if isinstance(reply, r.Approve):
        is_explicit = view.safety is SafetyClass.IRREVERSIBLE
        return len(f"{reply.typed_label}\n{reply.reason}\n") if is_explicit else 1
    if isinstance(reply, r.Choose):
        is_overruling = view.asking is Asking.CHOICE and any(way.condition for way in view.ways_out)
        return len(f"{reply.branch + 1}\n") + (len(f"{reply.reason}\n") if is_overruling else 0)
    if isinstance(reply, r.Answer):
        return len(f"{reply.text}\n")
    return len(f"e {reply.reason}\n") if isinstance(reply, r.Escalate) else 1


class Compared(Struct, frozen=True):
    """The same path with KEYS and by hand. What the machine needs and what the runbook waits is in both, in seconds.

    `auto` is `with_keys` under `--auto safe`; `notes` are the part of `by_hand` that writes down what KEYS records by itself.
    """

    with_keys: Effort
    by_hand: Effort
    machine_seconds: float
    auto: Effort = Effort()
    notes: Effort = Effort()
    waiting_seconds: float = 0.0

    def seconds(self, effort: Effort, bound: Bound) -> float:
        """How long it takes with the machine's own time, without the waits."""
        return bound.seconds(effort) + self.machine_seconds

    def ratio(self, bound: Bound, *, is_auto: bool = False) -> float:
        """The time with KEYS (`is_auto`: under `--auto safe`) as a part of the time by hand."""
        ours = self.auto if is_auto else self.with_keys
        theirs = self.seconds(self.by_hand, bound)
        return self.seconds(ours, bound) / theirs if theirs else 1.0


def mean_ratio(compared: Sequence[Compared], bound: Bound, *, is_auto: bool = False) -> float:
    """The same on average, each drill counting alike. Without a drill it is 1."""
    ratios = [each.ratio(bound, is_auto=is_auto) for each in compared]
    return sum(ratios) / len(ratios) if ratios else 1.0


def is_claim(compared: Sequence[Compared], less: float = 0.0, *, is_auto: bool = False) -> bool:
    """True where KEYS takes less time for all three operators, by more than the model's error; `less`: by that part less.

    A ratio that is measured may truly be larger by the error: 0.4 may be 0.4 · 1.21.
    """
    return bool(compared) and all(
        mean_ratio(compared, bound, is_auto=is_auto) * (1 + MODEL_ERROR) < 1 - less
        for bound in BOUNDS.values()
    )
