"""One step: its heading and the blocks under it as a `Step`."""

from __future__ import annotations

from runbook_keys.book import fences, fields
from runbook_keys.book.durations import schedule_of
from runbook_keys.book.fields import Field, fields_of
from runbook_keys.book.headings import StepHeading
from runbook_keys.book.inline import without_comments
from runbook_keys.book.lists import look_for_hidden_blocks, read_ways_out
from runbook_keys.book.markdown import BlockKind, MarkdownBlock, plain
from runbook_keys.book.problem import Problem, Problems
from runbook_keys.model.runbook import Block, Branch, Schedule, Step, StepKind

_BLOCK_LABELS = ("rollback", "rollback check", "probe")
_TEXT_LABELS = ("precondition", "side effects", "manual alternative", "when")
MAX_WAYS_OUT = 50
LABELS = _BLOCK_LABELS + _TEXT_LABELS


class StepReader:
    """Reads the blocks of one step in order; `step()` gives what they make.

    A `**Rollback**`, `**Rollback check**` or `**Probe**` label stays open until a fence, words or another label comes.
    """

    def __init__(self, heading: StepHeading, lines: list[str], problems: Problems) -> None:
        self._heading = heading
        self._lines = lines
        self._problems = problems
        self._prose: list[str] = []
        self._texts: dict[str, Field] = {}
        self._blocks: dict[str, Block] = {}
        self._work: Block | None = None
        self._branches: list[Branch] = []
        self._open: Field | None = None
        self.last_lines: dict[int, int] = {}

    def read(self, block: MarkdownBlock) -> None:
        """Take in the next block."""
        match block.kind:
            case BlockKind.PARAGRAPH:
                for field in fields_of(block):
                    self._read_field(field)
            case BlockKind.FENCE:
                self._read_fence(block)
            case BlockKind.BULLETS | BlockKind.NUMBERS:
                self._read_list(block)
            case BlockKind.HEADING:
                self._read_heading(block)
            case _:
                look_for_hidden_blocks(block, self._problems)
                self._add_prose(self._raw(block))

    def step(self) -> Step:
        """The step that the blocks read so far make."""
        self._close()
        heading = self._heading
        return Step(
            label=heading.label,
            kind=heading.kind,
            title=heading.title,
            line=heading.line,
            safety=heading.safety,
            prose="\n\n".join(self._prose),
            block=self._work,
            branches=tuple(self._branches),
            is_class_declared=heading.declared is not None,
            precondition=self._text("precondition"),
            side_effects=self._text("side effects"),
            manual_alternative=self._text("manual alternative"),
            rollback=self._blocks.get("rollback"),
            rollback_check=self._blocks.get("rollback check"),
            probe=self._blocks.get("probe"),
            schedule=self._schedule(),
        )

    def _text(self, label: str) -> str:
        field = self._texts.get(label)
        return field.text if field else ""

    def _read_field(self, field: Field) -> None:
        if field.name in _BLOCK_LABELS:
            self._close()
            if field.name in self._blocks:
                self._problems.append(fields.twice(field))
            self._open = field
        elif field.name in _TEXT_LABELS:
            self._close()
            self._read_text(field)
        elif field.label:
            self._close()
            if problem := fields.near_miss(field, LABELS):
                self._problems.append(problem)
            self._add_prose(f"**{field.label}**: {field.text}" if field.text else f"**{field.label}**")
        else:
            if problem := fields.without_colon(field, LABELS):
                self._problems.append(problem)
            self._read_words(field.text, field.line)

    def _read_text(self, field: Field) -> None:
        if field.name in self._texts:
            self._problems.append(fields.twice(field))
            return
        if not field.text:
            self._problems.append(fields.empty(field))
        self._texts[field.name] = field

    def _read_words(self, text: str, line: int) -> None:
        """Words after an open label are what a human does there; all others are prose."""
        if self._open is not None and not self._open.text and text:
            self._open = Field(self._open.label, text, line)
            self._close()
        else:
            self._close()
            self._add_prose(text)

    def _read_fence(self, fence: MarkdownBlock) -> None:
        if not fence.is_closed:
            self._problems.append(fences.unclosed(fence))
        if not fences.is_executable(fence):
            if problem := fences.slips(fence):
                self._problems.append(problem)
            self._add_prose(self._raw(fence))
            return
        block = fences.block_of(fence, self._problems)
        if self._open is not None:
            self._take_for_label(self._open, block)
        elif self._work is not None:
            self._problems.append(_second_block(fence, self._heading.label, self._work))
        else:
            if self._branches:
                self._problems.append(_block_after_ways_out(fence, self._heading.label))
            self._work = block

    def _take_for_label(self, label: Field, block: Block) -> None:
        self._add_prose(label.text)
        self._blocks.setdefault(label.name, block)
        self._open = None

    def _read_list(self, block: MarkdownBlock) -> None:
        branches = read_ways_out(block, self._problems)
        look_for_hidden_blocks(block, self._problems)
        if branches is None:
            self._read_words(self._raw(block), block.line)
            return
        self._close()
        self._branches.extend(branches)
        if len(self._branches) > MAX_WAYS_OUT:
            self._problems.append(_too_many(self._branches[MAX_WAYS_OUT], self._heading.label))
            del self._branches[MAX_WAYS_OUT:]
        self.last_lines.update({item.line: item.text_end_line for item in block.items})

    def _read_heading(self, block: MarkdownBlock) -> None:
        self._close()
        words = " ".join(plain(block.text).lower().split())
        if words in LABELS:
            reason = f'"{plain(block.text)}" is a heading here; it is read as a label only.'
            self._problems.append(
                Problem(block.line, "label-as-heading", reason, f"Write **{words.capitalize()}**")
            )
        self._add_prose(self._raw(block))

    def _close(self) -> None:
        """An open label that got words is done by a human; one that got nothing is a problem."""
        label, self._open = self._open, None
        if label is None:
            return
        if not label.text:
            self._problems.append(fields.empty(label))
        else:
            self._blocks.setdefault(label.name, Block("human", label.text, label.line))

    def _schedule(self) -> Schedule | None:
        field = self._texts.get("when")
        if field is None or not field.text:
            return None
        if self._heading.kind is not StepKind.VERIFICATION:
            self._problems.append(_misplaced_schedule(field))
        schedule = schedule_of(plain(field.text))
        if schedule is None:
            self._problems.append(_bad_schedule(field))
        return schedule

    def _raw(self, block: MarkdownBlock) -> str:
        return without_comments("\n".join(self._lines[block.line - 1 : block.end_line])).strip("\n")

    def _add_prose(self, text: str) -> None:
        if text.strip():
            self._prose.append(text.rstrip())


def _too_many(first: Branch, label: str) -> Problem:
    reason = f"Step {label} has more than {MAX_WAYS_OUT} ways out; nobody can choose among so many."
    return Problem(
        first.line, "too-many-ways-out", reason, "Ask in two steps, or let the command decide more."
    )


def _second_block(fence: MarkdownBlock, label: str, work: Block) -> Problem:
    reason = f"Step {label} has a second block; its work is the one in line {work.line}."
    mend = "Make it a step of its own, or put it under **Rollback**, **Rollback check** or **Probe**."
    return Problem(fence.line, "second-block", reason, mend)


def _block_after_ways_out(fence: MarkdownBlock, label: str) -> Problem:
    reason = f"The block of step {label} stands after its ways out."
    return Problem(
        fence.line, "block-after-ways-out", reason, "Put the block first, then what its results mean."
    )


def _misplaced_schedule(field: Field) -> Problem:
    reason = "A schedule stands in a step that is no verification."
    return Problem(field.line, "misplaced-schedule", reason, "Move it to a V step, or remove it.")


def _bad_schedule(field: Field) -> Problem:
    reason = "The schedule can't be read."
    mend = "Write: at once, after 24 hours, or every 5 minutes for 1 hour."
    return Problem(field.line, "bad-schedule", reason, mend)
