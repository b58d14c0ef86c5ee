"""The two printed pages as data: what stands on paper, in which order, and how often a box is needed. Pure.

`sheet.typ` beside this file sets it. All words reach it as data, split into plain words and code, with nothing in them that hides.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from runbook_keys.book.durations import spoken
from runbook_keys.book.headings import SECTION_OF_KIND
from runbook_keys.book.keycalls import arguments_of
from runbook_keys.book.sections import TITLES
from runbook_keys.model.pack import PackMetadata
from runbook_keys.model.runbook import Block, Branch, GoTo, RollBack, Runbook, Schedule, Step, Target

MOST_BOXES = 24
MOST_TIMES = 2

Words = tuple[tuple[bool, str], ...]
"""Words for a line: (is code, text) one after the other."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LISTED = re.compile(r"\s*([-*+]|[0-9]+[.)])\s")
_MODES = {"dry-run": " --dry-run", "undo": " --undo"}


class Command(Struct, frozen=True):
    """One command: what stands above it and its lines; `words` instead where it is done by hand."""

    title: str = ""
    lines: tuple[str, ...] = ()
    words: tuple[Words, ...] = ()


class Way(Struct, frozen=True):
    """One way out: its box, where it leads, and the boxes for how often it was taken."""

    words: Words
    condition: str
    leads: str
    limit: int
    then: str


class Place(Struct, frozen=True):
    """One step on paper. `times`: how many times of day it needs room for; `checks`: one box for each check of a watch."""

    label: str
    title: Words
    safety: str
    is_changing: bool
    times: int
    before: tuple[tuple[str, Words], ...]
    instead: tuple[tuple[str, Words], ...]
    schedule: str
    checks: int
    prose: tuple[Words, ...]
    table: tuple[tuple[Words, ...], ...]
    command: Command | None
    capture: str
    ways: tuple[Way, ...]
    undoing: tuple[Command, ...]


class Sheet(Struct, frozen=True):
    """All that is printed. `digest` is the README.md that it was made from; `size` the letters' height in points."""

    title: Words
    identity: str
    digest: str
    do_not: tuple[Words, ...]
    escalate_to: tuple[str, ...]
    escalate_when: tuple[Words, ...]
    roll_back_when: tuple[Words, ...]
    use_when: tuple[Words, ...]
    have_ready: tuple[tuple[str, Words, bool], ...]
    sections: tuple[tuple[str, tuple[Place, ...]], ...]
    record: tuple[tuple[Words, Command | None], ...]
    afterwards: tuple[Words, ...]
    hand_offs: tuple[str, ...]


def sheet(runbook: Runbook, metadata: PackMetadata, digest: str) -> Sheet:
    """The printed pages of `runbook`; the same runbook gives the same sheet."""
    return Sheet(
        title=words_of(runbook.title),
        identity=f"{metadata.slug} {metadata.version} · {metadata.severity_level} · {visible(metadata.owner)}",
        digest=digest[:12],
        do_not=_all(runbook.do_not),
        escalate_to=tuple(visible(name) for name in runbook.escalate_to),
        escalate_when=_all(runbook.escalate_when),
        roll_back_when=_all(runbook.roll_back_when),
        use_when=_all(runbook.when_to_use),
        have_ready=tuple((i.name, words_of(i.where or i.description), i.secret) for i in metadata.inputs),
        sections=tuple(_sections(runbook, frozenset(each.name for each in metadata.inputs if each.secret))),
        record=tuple((words_of(item.words), _command("", item.block)) for item in runbook.evidence),
        afterwards=_all(runbook.follow_ups),
        hand_offs=tuple(dict.fromkeys(_hand_offs(runbook))),
    )


def words_of(markdown: str) -> Words:
    """A line of prose as plain words and code; emphasis loses its stars."""
    parts = re.split(r"(`+)(.+?)\1", " ".join(markdown.split()))
    plain = [(False, re.sub(r"\*\*(.+?)\*\*", r"\1", part)) for part in parts[::3]]
    code = [(True, part) for part in parts[2::3]]
    joined = [each for pair in zip(plain, [*code, (True, "")], strict=True) for each in pair]
    return tuple((is_code, visible(text)) for is_code, text in joined if text)


def visible(text: str) -> str:
    """`text` without anything that hides or turns what stands around it: such characters are spelled out."""
    return "".join(
        char if char == "\n" or unicodedata.category(char) not in _HIDDEN else f"\\u{ord(char):04x}"
        for char in text
    )


def _all(lines: Sequence[str]) -> tuple[Words, ...]:
    return tuple(words_of(line) for line in lines)


def _hand_offs(runbook: Runbook) -> Iterator[str]:
    for step in runbook.steps:
        for branch in step.branches:
            for target in (branch.target, branch.then):
                last = target.then if isinstance(target, RollBack) else target
                if str(last).startswith("HAND OFF "):
                    yield str(last).removeprefix("HAND OFF ")


def _sections(runbook: Runbook, secrets: frozenset[str]) -> Iterator[tuple[str, tuple[Place, ...]]]:
    titles = {section.number: section.title for section in runbook.sections}
    again = _revisited(runbook)
    for number, steps in groupby(runbook.steps, key=lambda step: SECTION_OF_KIND[step.kind]):
        title = f"{number}. {visible(titles.get(number, TITLES[number]))}"
        yield title, tuple(_place(step, again.get(step.label, 1), secrets) for step in steps)


def _revisited(runbook: Runbook) -> Mapping[str, int]:
    """How often each step can be come to, at most `MOST_TIMES`: what lies behind a bounded way back is walked again."""
    leads = {step.label: set(_labels(step)) for step in runbook.steps}
    times: dict[str, int] = {}
    for step in runbook.steps:
        for branch in step.branches:
            if branch.at_most is None or not isinstance(branch.target, GoTo):
                continue
            for label in _behind(branch.target.label, leads):
                if step.label in _behind(label, leads):
                    times[label] = min(max(times.get(label, 1), branch.at_most + 1), MOST_TIMES)
    return times


def _labels(step: Step) -> Iterator[str]:
    for branch in step.branches:
        for target in (branch.target, branch.then):
            last = target.then if isinstance(target, RollBack) else target
            if isinstance(last, GoTo):
                yield last.label


def _behind(label: str, leads: Mapping[str, set[str]]) -> set[str]:
    found, waiting = {label}, [label]
    while waiting:
        fresh = leads.get(waiting.pop(), set()) - found
        found |= fresh
        waiting += fresh
    return found


def _place(step: Step, times: int, secrets: frozenset[str]) -> Place:
    rows = [line for line in step.prose.split("\n") if line.startswith("|")]
    prose = [line for line in step.prose.split("\n") if line.strip() and not line.startswith("|")]
    by_hand = [] if step.block is None or step.block.language != "human" else step.block.text.split("\n")
    return Place(
        label=step.label,
        title=words_of(step.title),
        safety=str(step.safety),
        is_changing=step.kind.is_changing,
        times=times,
        before=_notes(("First", step.precondition), ("Side effects", step.side_effects)),
        instead=_notes(("By hand", step.manual_alternative)),
        schedule=_schedule(step.schedule),
        checks=0 if step.schedule is None else min(step.schedule.repetitions, MOST_BOXES),
        prose=_all(list(_paragraphs([*prose, *by_hand]))),
        table=tuple(_cells(row) for row in rows if set(row) - set("|-: ")),
        command=None if by_hand else _command("", step.block, step, secrets),
        capture=(step.block.capture or "") if step.block else "",
        ways=tuple(_way(branch) for branch in step.branches),
        undoing=tuple(_undoing(step, secrets)),
    )


def _paragraphs(lines: Sequence[str]) -> Iterator[str]:
    """Sentences that stand in lines of their own run on; a list keeps its lines."""
    for is_list, group in groupby(lines, key=lambda line: bool(_LISTED.match(line))):
        together = list(group)
        yield from together if is_list else [" ".join(together)]


def _notes(*titled: tuple[str, str]) -> tuple[tuple[str, Words], ...]:
    return tuple((title, words_of(text)) for title, text in titled if text)


def _cells(row: str) -> tuple[Words, ...]:
    return tuple(words_of(cell) for cell in row.strip().strip("|").split("|"))


def _schedule(schedule: Schedule | None) -> str:
    if schedule is None:
        return ""
    if schedule.every is not None:
        return f"{schedule.repetitions} checks, every {spoken(schedule.every)}"
    return f"after {spoken(schedule.after)}" if schedule.after else ""


def _undoing(step: Step, secrets: frozenset[str]) -> Iterator[Command]:
    for title, block in (
        (f"Did {step.label} happen?", step.probe),
        (f"Roll back {step.label}", step.rollback),
        (f"Is {step.label} rolled back?", step.rollback_check),
    ):
        command = _command(title, block, step, secrets)
        if command is not None:
            yield command


def _command(
    title: str, block: Block | None, step: Step | None = None, secrets: frozenset[str] = frozenset()
) -> Command | None:
    if block is None:
        return None
    text = visible(block.text.rstrip("\n"))
    if block.language == "human":
        return Command(title, words=_all([line for line in text.split("\n") if line.strip()]))
    if block.key is not None:
        return Command(title, (visible(_call(block, step, secrets)),))
    place = f"On the database {block.on}" if block.on else ""
    return Command(f"{title} {place}".strip(), tuple(text.split("\n")))


def _call(block: Block, step: Step | None, secrets: frozenset[str]) -> str:
    """The call as it is typed by hand: a secret goes through the environment, under its argument's name.

    An undo needs what the work returned, so the work keeps that in a file.
    """
    before, options = [], []
    for each in arguments_of(block.text, block.line, []):
        value = f'"${each.reference}"' if each.reference else shlex.quote(each.text)
        if each.reference in secrets:
            before.append(f"{each.name.upper()}={value} ")
        else:
            options.append(f" --{each.name.replace('_', '-')} {value}")
    call = f"{''.join(before)}keys call {block.key}{_MODES.get(block.mode, '')}{''.join(options)}"
    if step is None or step.rollback is None or step.rollback.mode != "undo":
        return call
    file = f"{step.label}.json"
    return f"{call} --before {file}" if block.mode == "undo" else f"{call} | tee {file}"


def _way(branch: Branch) -> Way:
    return Way(
        words=words_of(branch.words),
        condition=visible(branch.condition or ""),
        leads=_leads(branch.target),
        limit=min(branch.at_most or 0, MOST_BOXES),
        then=_leads(branch.then) if branch.then is not None else "",
    )


def _leads(target: Target) -> str:
    if isinstance(target, RollBack):
        return f"roll back {target.label}, then {target.then}"
    return visible(str(target))
