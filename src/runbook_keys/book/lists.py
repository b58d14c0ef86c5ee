"""Lists: which are ways out, which are plain items, and what hides inside them."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.book import fences, ways_out
from runbook_keys.book.markdown import BlockKind, MarkdownBlock, MarkdownItem
from runbook_keys.book.problem import Problem, Problems
from runbook_keys.model.runbook import Branch


def read_ways_out(block: MarkdownBlock, problems: Problems) -> list[Branch] | None:
    """The branches of a list whose items lead somewhere; None for an ordinary list."""
    without = [item for item in block.items if not ways_out.has_arrow(item)]
    slips = [item for item in without if ways_out.looks_like_other_arrow(item)]
    problems.extend(ways_out.other_arrow(item) for item in slips)
    if block.kind is BlockKind.NUMBERS:
        problems.extend(ways_out.numbered(item) for item in block.items if _leads_somewhere(item))
        return None
    if len(without) == len(block.items):
        problems.extend(ways_out.nested(item) for item in _nested_items(block) if ways_out.has_arrow(item))
        return None
    branches = (ways_out.branch_of(item, problems) for item in block.items if item not in slips)
    return [branch for branch in branches if branch is not None]


def _leads_somewhere(item: MarkdownItem) -> bool:
    return ways_out.has_arrow(item) and ways_out.branch_of(item, []) is not None


def _nested_items(block: MarkdownBlock) -> Iterator[MarkdownItem]:
    for item in block.items:
        for inner in item.blocks:
            yield from inner.items
            yield from _nested_items(inner)


def look_for_hidden_blocks(block: MarkdownBlock, problems: Problems) -> None:
    """A reader would run a block inside a list or a quotation, and the engine would not: that is a problem."""
    for inner in _inner_blocks(block):
        if inner.kind is BlockKind.FENCE and fences.is_executable(inner):
            reason = "This block stands inside a list or a quotation, where it is never run."
            problems.append(
                Problem(inner.line, "hidden-block", reason, "Move it out, to the start of the line.")
            )


def _inner_blocks(block: MarkdownBlock) -> Iterator[MarkdownBlock]:
    children = [*block.blocks, *(inner for item in block.items for inner in item.blocks)]
    for child in children:
        yield child
        yield from _inner_blocks(child)
