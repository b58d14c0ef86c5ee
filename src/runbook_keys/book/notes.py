"""The parts of a runbook that are no steps: scope, when to use it, escalation, evidence, follow-ups."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from runbook_keys.book import ways_out
from runbook_keys.book.durations import passed_at_start
from runbook_keys.book.fences import block_of, is_executable
from runbook_keys.book.inline import code_spans
from runbook_keys.book.labelled import Noted, item_words, under
from runbook_keys.book.markdown import BlockKind, MarkdownBlock, MarkdownItem, plain
from runbook_keys.book.problem import Problem, Problems
from runbook_keys.book.targets import NotATarget, shortened, target_of
from runbook_keys.model.pack import Framework
from runbook_keys.model.runbook import EvidenceItem, Exclusion

_ASKED = re.compile(r"\s*\(asked\)[.:]?$", re.IGNORECASE)


def words_under(name: str, notes: Sequence[Noted]) -> tuple[str, ...]:
    """All items under the label `name`, as plain words."""
    return tuple(words for note in under(name, notes) for words in note.words)


def all_words(notes: Sequence[Noted]) -> tuple[str, ...]:
    """All items of the section, as plain words."""
    return tuple(words for note in notes for words in note.words)


def exclusions_of(notes: Sequence[Noted], problems: Problems) -> tuple[Exclusion, ...]:
    """The lines of section 3."""
    items = (item for note in notes for item in note.items)
    return tuple(_exclusion(item, problems) for item in items if item_words(item))


def _exclusion(item: MarkdownItem, problems: Problems) -> Exclusion:
    parts = ways_out.parts_of(item.text) if ways_out.has_arrow(item) else None
    if parts is None:
        if ways_out.looks_like_other_arrow(item):
            problems.append(ways_out.other_arrow(item))
        return Exclusion(item_words(item), item.line)
    try:
        return Exclusion(plain(parts.words), item.line, target_of(plain(parts.target)))
    except NotATarget as refusal:
        problems.append(Problem(item.line, "bad-target", refusal.reason, refusal.mend))
        return Exclusion(item_words(item), item.line)


def escalate_after_of(notes: Sequence[Noted], problems: Problems) -> timedelta | None:
    """The time in "30 minutes have passed …" under **Escalate when**; the shortest where there are several."""
    times: list[timedelta] = []
    for note in under("escalate when", notes):
        for item in note.items:
            after = passed_at_start(item_words(item))
            if after is not None and times:
                reason = "A second time to escalate; the shortest one counts."
                problems.append(Problem(item.line, "second-escalation-time", reason, "Keep one of them."))
            times.extend([after] if after is not None else [])
    return min(times, default=None)


def escalate_to_of(notes: Sequence[Noted], problems: Problems) -> tuple[str, ...]:
    """The names in backticks after **Escalate to**, in their order."""
    names: list[str] = []
    for note in under("escalate to", notes):
        text = " ".join([note.label.text, *(item.text for item in note.items)])
        found = [span.content for span in code_spans(text) if span.content]
        if text.strip() and not found:
            reason = "**Escalate to** names nobody in backticks."
            mend = "Write: **Escalate to**: `payments-oncall`, then `engineering-lead`"
            problems.append(Problem(note.label.line, "contacts-without-backticks", reason, mend))
        names.extend(found)
    return tuple(names)


def evidence_of(notes: Sequence[Noted], problems: Problems) -> tuple[EvidenceItem, ...]:
    """The lines of section 9 with the blocks that collect them."""
    return tuple(
        _evidence(item, note.fences.get(place), problems)
        for note in notes
        if note.label.name != "compliance"
        for place, item in enumerate(note.items)
        if item_words(item)
    )


def _evidence(item: MarkdownItem, after: MarkdownBlock | None, problems: Problems) -> EvidenceItem:
    words = item_words(item)
    asked = _ASKED.search(words)
    inside = [block for block in item.blocks if block.kind is BlockKind.FENCE and is_executable(block)]
    fences = inside + ([after] if after else [])
    for second in fences[1:]:
        reason = "A second block for the same piece of evidence."
        problems.append(Problem(second.line, "second-block", reason, "Give it a line of its own."))
    if asked and fences:
        reason = "This evidence is asked of a person and collected by a block."
        problems.append(Problem(item.line, "asked-and-collected", reason, 'Remove "(asked)", or the block.'))
    text = words[: asked.start()] if asked else words
    block = block_of(fences[0], problems) if fences else None
    return EvidenceItem(text.rstrip(" :"), item.line, asked is not None, block)


def compliance_of(notes: Sequence[Noted], problems: Problems) -> tuple[str, ...]:
    """The controls after **Compliance**, each with its framework: `SOC2 CC7.4`, `PCI-DSS 12.10.5`."""
    found: list[str] = []
    for note in under("compliance", notes):
        texts = [plain(note.label.text).rstrip("."), *(item_words(item) for item in note.items)]
        for group in (part for text in texts for part in re.split(r"[,;]", text)):
            found.extend(_controls(group.strip(), note.label.line, problems))
    return tuple(found)


def _controls(group: str, line: int, problems: Problems) -> Iterator[str]:
    framework, _, rest = group.partition(" ")
    if not framework:
        return
    if framework not in set(Framework):
        reason = f'"{shortened(framework)}" is not a framework that evidence is given for.'
        problems.append(Problem(line, "unknown-framework", reason, f"Known are: {', '.join(Framework)}."))
        return
    controls = list(_numbered(rest))
    yield from (f"{framework} {control}" for control in controls)
    if not controls:
        yield framework


def _numbered(text: str) -> Iterator[str]:
    """`CC7.4 Art. 33` as `CC7.4` and `Art. 33`: a control ends with the word that holds a digit."""
    words: list[str] = []
    for word in text.split():
        words.append(word)
        if re.search(r"\d", word):
            yield " ".join(words)
            words = []


def follow_ups_of(notes: Sequence[Noted]) -> tuple[str, ...]:
    """The tasks of section 10, each behind its time: `Within 24 hours: Review the timeline`."""
    found: list[str] = []
    for note in notes:
        label = note.label.label
        found.extend(f"{label}: {words}" if label else words for words in note.words)
    return tuple(found)
