"""Following the page by hand, along the path that a run took: what a person reads, copies, decides and writes down. Pure.

Where it is open how somebody works by hand, the cheaper way is counted: the values are exported beforehand, no more of an
output is read than KEYS shows, a command that is repeated is the last one of the shell, a `key` block is one command.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runbook_keys.book.book import Book
from runbook_keys.drills.effort import MOST_OUTPUT_LINES, OUTPUT_COLUMNS, Effort, words_in
from runbook_keys.model import event as e
from runbook_keys.model.outcome import Role
from runbook_keys.model.runbook import Runbook, Step

COPYING_KEYS = 5
"""Copy, change the window, paste, Enter: what a command costs by hand besides pointing at its ends."""

REPEATING_KEYS = 2
"""The last command once more: up, Enter."""


def by_hand(book: Book, events: Iterable[e.Event], output_words: Mapping[str, int]) -> tuple[Effort, Effort]:
    """All that it takes, and the part of it that writes notes: the time, the step, where it led.

    `output_words` are the words of each step's output, see `raw_output`.
    """
    effort, notes, last = _opened(book.runbook), Effort(), ("", "")
    for event in events:
        step = book.runbook.step(getattr(event, "step", ""))
        if step is None:
            continue
        if isinstance(event, e.StepEntered):
            # What was read once is known, on both sides.
            effort += Effort(words=words_in(_text(step)) if event.visit == 1 else 0, pointings=1)
        elif (
            isinstance(event, e.AttemptStarted)
            and event.language != "human"
            and event.role is not Role.EVIDENCE
        ):
            place = (event.step, str(event.role))
            effort += _started(event, step, is_again=place == last)
            last = place
        elif isinstance(event, e.BranchTaken):
            effort += _decided(event, output_words.get(event.step, 0))
            notes += _noted(event)
    return effort + notes, notes


def raw_output(output: str) -> str:
    """As much of an output as is read in a plain terminal: it wraps long lines, and KEYS shows no more lines either."""
    lines = [
        line[at : at + OUTPUT_COLUMNS]
        for line in output.splitlines()
        for at in range(0, max(len(line), 1), OUTPUT_COLUMNS)
    ]
    return "".join(line if len(line) == OUTPUT_COLUMNS else f"{line}\n" for line in lines[:MOST_OUTPUT_LINES])


def waiting_seconds(runbook: Runbook, events: Iterable[e.Event]) -> float:
    """How long the runbook has one wait on this path, by its schedules; in a drill such waits are shortened."""
    total = 0.0
    for event in events:
        step = runbook.step(getattr(event, "step", ""))
        if step is None or step.schedule is None:
            continue
        if isinstance(event, e.StepEntered):
            total += step.schedule.after.total_seconds()
        elif isinstance(event, e.WatchContinued) and step.schedule.every is not None:
            total += step.schedule.every.total_seconds()
    return total


def _opened(runbook: Runbook) -> Effort:
    """The page is found behind a link, and what is not to be done is read once."""
    return Effort(words=words_in(" ".join(runbook.do_not)), pointings=1, decisions=1)


def _text(step: Step) -> str:
    """The step as KEYS shows it too: with every way out. Its undo is read where it is needed."""
    ways = (f"{way.words} {way.condition or ''} {way.target}" for way in step.branches)
    parts = (
        step.label,
        step.title,
        step.precondition,
        step.side_effects,
        step.prose,
        step.block.text if step.block else "",
        step.manual_alternative,
        *ways,
    )
    return " ".join(parts)


def _started(event: e.AttemptStarted, step: Step, *, is_again: bool) -> Effort:
    if is_again:
        return Effort(keys=REPEATING_KEYS, decisions=1)
    # The command of the step's own work was read with the step.
    words = 0 if event.role is Role.WORK else words_in(event.command)
    copied = Effort(words=words, keys=COPYING_KEYS, pointings=2, homings=2, decisions=1)
    if event.role is not Role.WORK or step.block is None or step.block.capture is None:
        return copied
    return copied + Effort(keys=len(f"export {step.block.capture}=\n") + COPYING_KEYS, pointings=2, homings=2)


def _decided(taken: e.BranchTaken, output_words: int) -> Effort:
    """The output is read, and one way out after the other is tried, up to the one that holds."""
    return Effort(words=output_words, decisions=max(taken.branch + 1, 1))


def _noted(taken: e.BranchTaken) -> Effort:
    return Effort(keys=len(f"03:12 {taken.step} {taken.target}\n"), homings=1)
