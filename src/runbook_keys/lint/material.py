"""What the rules look at: a pack's files, read once, and what follows from them, worked out when first asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.book.book import Book
from runbook_keys.book.keycalls import Argument, arguments_of
from runbook_keys.book.metadata import read_metadata
from runbook_keys.book.parse import parse
from runbook_keys.book.problem import Problem
from runbook_keys.book.text import decode
from runbook_keys.lint.fault import METADATA, README
from runbook_keys.lint.graph import Facts, Graph, graph_of
from runbook_keys.lint.programs import read
from runbook_keys.lint.prose import CodeLine, Passage, code_lines, passages_of
from runbook_keys.lint.script import Script
from runbook_keys.model.key import KeyMetadata, KeyMode
from runbook_keys.model.outcome import Role
from runbook_keys.model.pack import Pack, PackMetadata
from runbook_keys.model.runbook import Block, Runbook, SafetyClass, Step

Remark = tuple[int, str, str]
"""What shellcheck says: line within the block, code, message."""


class PlacedBlock(Struct, frozen=True):
    """A block, where it stands (`step` is None in section 9), what it is for, and the values that are there for it."""

    block: Block
    step: Step | None
    role: Role
    values: Facts

    @property
    def is_looking(self) -> bool:
        """True where it may change nothing."""
        return self.role.is_looking_only or (self.step is not None and self.step.safety is SafetyClass.SAFE)

    @property
    def words(self) -> str:
        """How a message calls it: `step D1`, `the rollback of A1`, `the evidence in section 9`."""
        if self.step is None:
            return "the evidence in section 9"
        if self.role is Role.WORK:
            return f"step {self.step.label}"
        return f"the {self.role.value.replace('-', ' ')} of {self.step.label}"

    @property
    def as_subject(self) -> str:
        """The same at the start of a sentence."""
        return self.words[0].upper() + self.words[1:]

    def line(self, within: int) -> int:
        """The line of `README.md` of a line (1-based) within the block."""
        return self.block.line + within


class PlacedScript(Struct, frozen=True):
    """A bash block with its facts."""

    place: PlacedBlock
    script: Script


class PlacedCall(Struct, frozen=True):
    """A block that calls an installed KEY."""

    place: PlacedBlock
    key: KeyMetadata

    @property
    def mode(self) -> KeyMode:
        """What the call is to do."""
        return KeyMode(self.place.block.mode)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """What the block hands over."""
        return arguments_of(self.place.block.text, self.place.block.line + 1, [])


class Material(Struct, frozen=True, dict=True):
    """One pack before the rules.

    `folder` is the name of the folder that it came from, empty where it came from none.
    `runbooks` are the slugs that are installed, `keys` the installed KEYS by slug (None where `key.json` can't be read).
    `remarks` holds shellcheck's remarks for each of
    `bash_texts`, or None where shellcheck did not look.
    """

    files: dict[str, bytes]
    folder: str
    book: Book
    metadata: PackMetadata | None
    metadata_problems: tuple[Problem, ...]
    runbooks: frozenset[str]
    keys: Mapping[str, KeyMetadata | None]
    remarks: tuple[tuple[Remark, ...], ...] | None = None

    @property
    def runbook(self) -> Runbook:
        """The decision tree."""
        return self.book.runbook

    @property
    def is_there(self) -> bool:
        """False where the pack has no `README.md`."""
        return README in self.files

    @cached_property
    def text(self) -> str:
        """`README.md` with one `\\n` per line."""
        return decode(self.book.source, [])

    @cached_property
    def graph(self) -> Graph:
        """The tree as a graph."""
        return graph_of(self.runbook)

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """What a person reads outside code."""
        return passages_of(self.text, self.runbook.sections)

    @cached_property
    def code(self) -> tuple[CodeLine, ...]:
        """All lines of code, also of code that is only for reading."""
        return tuple(code_lines(self.text))

    @cached_property
    def inputs(self) -> Facts:
        """The names of the declared inputs."""
        return frozenset(each.name for each in self.metadata.inputs) if self.metadata else frozenset()

    @cached_property
    def secrets(self) -> Facts:
        """The names of the inputs that are secret."""
        declared = self.metadata.inputs if self.metadata else ()
        return frozenset(each.name for each in declared if each.secret)

    @cached_property
    def captures(self) -> dict[str, str]:
        """The value that each step captures, by label."""
        steps = self.graph.steps.items()
        return {label: step.block.capture for label, step in steps if step.block and step.block.capture}

    @cached_property
    def _known_on_arrival(self) -> dict[str, Facts]:
        return self.graph.known_on_arrival(self.captures)

    def values_before(self, step: Step) -> Facts:
        """The inputs, and what every path to the step has captured. An unreachable step is given all captures."""
        everything = frozenset(self.captures.values())
        return self.inputs | self._known_on_arrival.get(step.label, everything)

    def values_after(self, step: Step) -> Facts:
        """What is there before the step, and what it captures itself."""
        own = step.block.capture if step.block else None
        return self.values_before(step) | ({own} if own else frozenset())

    @cached_property
    def blocks(self) -> tuple[PlacedBlock, ...]:
        """All blocks that a run executes, in the order of the text."""
        return tuple(sorted(self._blocks(), key=lambda placed: placed.block.line))

    def _blocks(self) -> Iterator[PlacedBlock]:
        for step in self.runbook.steps:
            if step.block:
                yield PlacedBlock(step.block, step, Role.WORK, self.values_before(step))
            after = self.values_after(step)
            roles = {
                Role.ROLLBACK: step.rollback,
                Role.ROLLBACK_CHECK: step.rollback_check,
                Role.PROBE: step.probe,
            }
            for role, block in roles.items():
                if block and block.language != "human":
                    yield PlacedBlock(block, step, role, after)
        for item in self.runbook.evidence:
            if item.block:
                values = self.inputs | frozenset(self.captures.values())
                yield PlacedBlock(item.block, None, Role.EVIDENCE, values)

    @cached_property
    def key_calls(self) -> tuple[PlacedCall, ...]:
        """The calls of KEYS that are installed and can be read."""
        found = ((placed, self.keys.get(placed.block.key or "")) for placed in self.blocks)
        return tuple(PlacedCall(placed, key) for placed, key in found if key is not None)

    @property
    def bash_blocks(self) -> tuple[PlacedBlock, ...]:
        """The blocks in bash."""
        return tuple(placed for placed in self.blocks if placed.block.language == "bash")

    @property
    def sql_blocks(self) -> tuple[PlacedBlock, ...]:
        """The blocks in SQL."""
        return tuple(placed for placed in self.blocks if placed.block.language == "sql")

    @property
    def bash_texts(self) -> tuple[str, ...]:
        """What shellcheck is to look at, one text per bash block."""
        return tuple(placed.block.text for placed in self.bash_blocks)

    @cached_property
    def scripts(self) -> tuple[PlacedScript, ...]:
        """The bash blocks with their facts; none where tree-sitter is not installed (`is_shell_readable` says so)."""
        if not self.is_shell_readable:
            return ()
        return tuple(PlacedScript(placed, read(placed.block.text)) for placed in self.bash_blocks)

    @cached_property
    def is_shell_readable(self) -> bool:
        """False where tree-sitter is not installed."""
        try:
            read("true")
        except ImportError:
            return False
        return True

    def has_problem(self, step: Step, kinds: Collection[str]) -> bool:
        """True where the book found a problem of one of these kinds between the step's heading and the next one."""
        end = min(
            (other.line for other in self.runbook.steps if other.line > step.line), default=step.line + 10_000
        )
        return any(step.line <= problem.line < end for problem in self.book.problems if problem.kind in kinds)

    def metadata_line(self, needle: str) -> int:
        """The first line of `pack.json` that holds `needle`; 0 where none does."""
        source = self.files.get(METADATA, b"")
        at = source.find(needle.encode("utf-8", "replace")) if needle else -1
        return source.count(b"\n", 0, at) + 1 if at >= 0 else 0

    def section_line(self, number: int) -> int:
        """The line of a section's heading; 0 where the section is missing."""
        return next((each.line for each in self.runbook.sections if each.number == number), 0)


def gather(
    pack: Pack, runbooks: Collection[str] = (), keys: Mapping[str, KeyMetadata | None] = MappingProxyType({})
) -> Material:
    """Read a pack for the rules. `runbooks` and `keys` are what is installed. Never raises."""
    metadata, problems = read_metadata(pack.files[METADATA]) if METADATA in pack.files else (None, ())
    own = {metadata.slug} if metadata else set()
    return Material(
        files=pack.files,
        folder=pack.origin.rstrip("/").rsplit("/", 1)[-1].strip("."),
        book=parse(pack.files.get(README, b"")),
        metadata=metadata,
        metadata_problems=problems,
        runbooks=frozenset(runbooks) | own,
        keys=keys,
    )


def with_remarks(
    materials: Sequence[Material], remarks: Sequence[Sequence[Remark]] | None
) -> tuple[Material, ...]:
    """The materials with shellcheck's remarks, which stand in the order of all their `bash_texts`; None: not looked."""
    if remarks is None:
        return tuple(materials)
    found: list[Material] = []
    at = 0
    for material in materials:
        count = len(material.bash_texts)
        own = tuple(tuple(each) for each in remarks[at : at + count])
        found.append(_with(material, own))
        at += count
    return tuple(found)


def _with(material: Material, remarks: tuple[tuple[Remark, ...], ...]) -> Material:
    """A copy that keeps what was worked out already."""
    copy = replace(material, remarks=remarks)
    copy.__dict__.update(material.__dict__)
    return copy
