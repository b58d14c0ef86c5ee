"""The printed page: the same tree for paper, at night, without a machine that works.

Lines are short, every step has a box and room for the time, and the do-not list and the telephone numbers come first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from runbook_keys.book.durations import spoken
from runbook_keys.book.headings import SECTION_OF_KIND
from runbook_keys.book.paper import wrapped, wrapped_prose
from runbook_keys.book.sections import TITLES
from runbook_keys.model.pack import PackMetadata
from runbook_keys.model.runbook import Block, Branch, RollBack, Runbook, SafetyClass, Schedule, Step, StepKind

MOST_BOXES = 24

_MADE_FROM = re.compile(r"<!-- Made from README\.md, sha256 ([0-9a-f]{64})\.")
_TIME = "____:____"
_LINE = "______________________"


def checklist(runbook: Runbook, readme: bytes, metadata: PackMetadata | None = None) -> str:
    """`checklist.md` for the runbook that was read from the bytes `readme`. The same input gives the same text.

    Its first line names the `README.md` that it was made from: see `readme_digest`.
    """
    digest = hashlib.sha256(readme).hexdigest()
    blocks = [
        f"<!-- Made from README.md, sha256 {digest}. -->\n<!-- Change that file, then make this one again: keys fmt -->",
        f"# {escaped(runbook.title)}: checklist",
        *_head(metadata),
        f"Run {_LINE} Name {_LINE}",
        f"Started {_TIME} Ended {_TIME}",
        *_listed("Do not", runbook.do_not, "- "),
        *_escalation(runbook),
        *_inputs(metadata),
        *(block for step in _with_sections(runbook) for block in step),
        *_evidence(runbook),
        *_listed("Afterwards", runbook.follow_ups, "- [ ] "),
    ]
    return "\n\n".join(blocks) + "\n"


def readme_digest(text: str) -> str | None:
    """The SHA-256 of the `README.md` that this checklist says it was made from; None where it says nothing."""
    match = _MADE_FROM.match(text)
    return match[1] if match else None


def escaped(words: str) -> str:
    """Plain words as Markdown: what could be markup is not."""
    return re.sub(r"([\\`*<\[]|(?<!\w)_|_(?!\w))", r"\\\1", words)


def _head(metadata: PackMetadata | None) -> Iterator[str]:
    if metadata is not None:
        yield f"{metadata.slug} {metadata.version} · {metadata.severity_level} · {escaped(metadata.owner)}"


def _listed(title: str, items: Sequence[str], mark: str) -> Iterator[str]:
    if items:
        yield f"## {title}"
        yield "\n".join(wrapped(escaped(item), mark) for item in items)


def _escalation(runbook: Runbook) -> Iterator[str]:
    yield "## Call for help"
    if runbook.escalate_to:
        yield wrapped(f"**Escalate to**: {', then '.join(f'`{name}`' for name in runbook.escalate_to)}")
    for title, items in (
        ("Escalate when", runbook.escalate_when),
        ("Roll back when", runbook.roll_back_when),
    ):
        if items:
            yield f"**{title}**"
            yield "\n".join(wrapped(escaped(item), "- ") for item in items)


def _inputs(metadata: PackMetadata | None) -> Iterator[str]:
    if metadata is None or not metadata.inputs:
        return
    yield "## Have ready"
    lines = []
    for each in metadata.inputs:
        about = f"{each.description} {each.where}".strip().replace("<", r"\<")
        room = "Secret: do not write it down." if each.secret else f"Value: {_LINE}"
        lines.append(wrapped(f"`{each.name}`: {about} {room}", "- [ ] "))
    yield "\n".join(lines)


def _with_sections(runbook: Runbook) -> Iterator[list[str]]:
    titles = {section.number: section.title for section in runbook.sections}
    current = 0
    for step in runbook.steps:
        number = SECTION_OF_KIND[step.kind]
        heading = [f"## {number}. {escaped(titles.get(number, TITLES[number]))}"] if number != current else []
        current = number
        yield [*heading, *_step(step)]


def _step(step: Step) -> Iterator[str]:
    yield f"### [ ] {step.label}. {escaped(step.title)}"
    yield wrapped(f"At {_TIME}{_class_words(step)}")
    for title, text in (("First", step.precondition), ("Side effects", step.side_effects)):
        if text:
            yield wrapped(f"**{title}**: {text}")
    if step.schedule is not None:
        yield from _schedule(step.schedule)
    if step.prose:
        yield wrapped_prose(step.prose)
    yield from _block("", step.block)
    if step.block is not None and step.block.capture:
        yield f"Write down `{step.block.capture}`: {_LINE}"
    if step.manual_alternative:
        yield wrapped(f"**By hand**: {step.manual_alternative}")
    if step.branches:
        yield "\n".join(_way(branch) for branch in step.branches)
    yield from _block("Did it happen?", step.probe)
    yield from _block(f"Roll back {step.label}", step.rollback)
    yield from _block(f"Is {step.label} rolled back?", step.rollback_check)


def _class_words(step: Step) -> str:
    if step.kind not in (StepKind.ACTION, StepKind.ROLLBACK):
        return ""
    if step.safety is SafetyClass.IRREVERSIBLE:
        return f" **IRREVERSIBLE: this can't be undone.** Second person {_LINE}"
    return f" **{step.safety}**"


def _schedule(schedule: Schedule) -> Iterator[str]:
    boxes = " ".join([f"[ ] {_TIME}"] * min(schedule.repetitions, MOST_BOXES))
    if schedule.every is not None:
        yield wrapped(f"**When**: {schedule.repetitions} checks, every {spoken(schedule.every)}. {boxes}")
    elif schedule.after:
        yield f"**When**: after {spoken(schedule.after)}, at {_TIME}"


def _block(title: str, block: Block | None) -> Iterator[str]:
    if block is None:
        return
    if block.language == "human":
        yield f"**{title}**"
        yield wrapped_prose(block.text)
        return
    if title:
        yield f"**{title}**"
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", block.text)), default=0) + 1)
    if block.on:
        yield f"On the database `{block.on}`:"
    key = f" {block.key}" if block.key else ""
    key += f" {{mode={block.mode}}}" if block.mode != "run" else ""
    text = block.text.rstrip("\n")
    yield f"{fence}{block.language}{key}\n{text}\n{fence}"


def _way(branch: Branch) -> str:
    condition = f" (`{branch.condition}`)" if branch.condition else ""
    if isinstance(branch.target, RollBack):
        leads = f"**roll back {branch.target.label}, then {branch.target.then}**"
    else:
        leads = f"**{branch.target}**"
    bound = ""
    if branch.at_most is not None:
        boxes = " ".join(["[ ]"] * min(branch.at_most, MOST_BOXES))
        bound = f" (at most {branch.at_most}: {boxes}, then **{branch.then}**)"
    return wrapped(f"{escaped(branch.words)}{condition} → {leads}{bound}", "- [ ] ")


def _evidence(runbook: Runbook) -> Iterator[str]:
    if not runbook.evidence:
        return
    yield "## For the record"
    for item in runbook.evidence:
        yield wrapped(f"{escaped(item.words)}{'' if item.block else ': ' + _LINE}", "- [ ] ")
        yield from _block("", item.block)
