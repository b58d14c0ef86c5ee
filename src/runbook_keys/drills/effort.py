"""How much an operator reads, types and decides, and how long that takes by the Keystroke-Level Model. Pure.

Card, Moran, Newell: The Keystroke-Level Model for User Performance Time with Interactive Systems, CACM 23(7), 1980.
Reading speed: Brysbaert, How many words do we read per minute?, 2019. The model's own error is 21 %, and it covers
expert, error-free work: no thinking, no looking for the right page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from runbook_keys.book.book import Book
from runbook_keys.model import event as e
from runbook_keys.model import reply as r
from runbook_keys.model.actor import Actor
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import SafetyClass, Step
from runbook_keys.model.view import Asking, View
from runbook_keys.ports import Operator

MODEL_ERROR = 0.21
MOST_OUTPUT_WORDS = 200
COPYING_KEYS = 5
"""Copy, change the window, paste, Enter: what a command costs by hand besides pointing at its ends."""


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


class MeasuringOperator:
    """Passes every screen on to `operator` and counts what was shown (by `rendered`) and what was typed."""

    def __init__(self, operator: Operator, rendered: Callable[[View], Sequence[str]]) -> None:
        self._operator = operator
        self._rendered = rendered
        self.effort = Effort()

    @property
    def actor(self) -> Actor:
        """Whoever really answers."""
        return self._operator.actor

    async def reply(self, view: View) -> r.Reply:
        """The operator's answer, counted."""
        return self._counted(view, await self._operator.reply(view))

    async def wait(self, view: View, until: datetime) -> r.Reply:
        """The operator's answer to a wait, counted."""
        return self._counted(view, await self._operator.wait(view, until))

    def progress(self, view: View, text: str) -> None:
        """Output as it comes; it is counted where the next screen shows it."""
        self._operator.progress(view, text)

    def _counted(self, view: View, reply: r.Reply) -> r.Reply:
        words = sum(len(line.split()) for line in self._rendered(view))
        self.effort += Effort(words=words, keys=_keys(view, reply), decisions=1)
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


def by_hand(book: Book, events: Iterable[e.Event], output_words: Mapping[str, int]) -> Effort:
    """Following the page along the same path: read it, copy each command, read its output, try each way out, note it down.

    `output_words` are the words that each step's command printed.
    """
    effort = Effort()
    for event in events:
        if isinstance(event, e.StepEntered):
            effort += _read(book, event.step)
        elif (
            isinstance(event, e.AttemptStarted)
            and event.language != "human"
            and event.role is not Role.EVIDENCE
        ):
            effort += _copied(output_words.get(event.step, 0))
        elif isinstance(event, e.BranchTaken):
            effort += _decided(event)
    return effort


def _read(book: Book, label: str) -> Effort:
    step = book.runbook.step(label)
    if step is None:
        return Effort()
    lines = book.source.decode("utf-8", "replace").splitlines()[step.line - 1 : _last_line(book, step)]
    return Effort(words=sum(len(line.split()) for line in lines), pointings=1)


def _last_line(book: Book, step: Step) -> int:
    later = [each.line for each in book.runbook.steps if each.line > step.line]
    later += [section.line for section in book.runbook.sections if section.line > step.line]
    return min(later, default=step.line + 1) - 1


def _copied(output_words: int) -> Effort:
    return Effort(words=min(output_words, MOST_OUTPUT_WORDS), keys=COPYING_KEYS, pointings=2, homings=2)


def _decided(taken: e.BranchTaken) -> Effort:
    """One decision per way out that was tried, and a line in the notes: the time, the step, what was seen."""
    tried = max(taken.branch + 1, 1)
    note = len(f"03:12 {taken.step} {taken.words}\n")
    return Effort(decisions=tried, keys=note, homings=1)


class Compared(Struct, frozen=True):
    """The same path with KEYS and by hand, and the machine's own time, which is in both."""

    with_keys: Effort
    by_hand: Effort
    machine_seconds: float

    def ratio(self, bound: Bound) -> float:
        """The time with KEYS as a part of the time by hand."""
        ours = bound.seconds(self.with_keys) + self.machine_seconds
        theirs = bound.seconds(self.by_hand) + self.machine_seconds
        return ours / theirs if theirs else 1.0


def is_claim(compared: Sequence[Compared]) -> bool:
    """True where KEYS is faster on the whole for all three operators, by more than the model's error."""
    return bool(compared) and all(
        sum(each.ratio(bound) for each in compared) / len(compared) < 1 - MODEL_ERROR
        for bound in BOUNDS.values()
    )
