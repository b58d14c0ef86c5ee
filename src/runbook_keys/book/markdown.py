"""The one place that knows markdown-it-py: a text as its outline of blocks, and inline markup as plain words.

Only the block structure of the whole text is parsed; inline markup is parsed for the short texts that need it. That
keeps hostile input linear: the costly cases of Markdown are inline (`[[[[`, `*_*_`).

HTML blocks are recognised so that a heading inside `<!-- … -->` is not a heading, as on any code host. Only texts of our own
making are rendered to HTML.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_NESTING = 20
MAX_INLINE = 1_000
MAX_BRACKETS = 50

_CONTAINERS = frozenset({"blockquote_open", "bullet_list_open", "ordered_list_open", "list_item_open"})


class BlockKind(StrEnum):
    """What a block of Markdown is, as far as a runbook cares."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    FENCE = "fence"
    BULLETS = "bullets"
    NUMBERS = "numbers"
    HTML = "html"
    QUOTE = "quote"
    OTHER = "other"


class MarkdownBlock(Struct, frozen=True):
    """One block: its kind, its first and last line (1-based, inclusive), and what its kind needs.

    `text` is the raw inline text of a heading or paragraph, the content of a fence, or the HTML; `level` a heading's
    level; `info` what follows a fence's opening; `is_closed` is False for a fence that runs to the end of the file.
    """

    kind: BlockKind
    line: int
    end_line: int
    text: str = ""
    level: int = 0
    info: str = ""
    is_closed: bool = True
    items: tuple[MarkdownItem, ...] = ()
    blocks: tuple[MarkdownBlock, ...] = ()


class MarkdownItem(Struct, frozen=True):
    """One item of a list: the text of its first paragraph, that paragraph's last line, and its further blocks."""

    line: int
    end_line: int
    text: str
    text_end_line: int
    blocks: tuple[MarkdownBlock, ...] = ()


class Outline(Struct, frozen=True):
    """The blocks of a text in order, and the line where it is nested too deep to be read, or None."""

    blocks: tuple[MarkdownBlock, ...]
    too_deep_line: int | None = None


@cache
def _block_parser() -> MarkdownIt:
    # `reference` off: a link definition would vanish from the prose that a person reads.
    from markdown_it import MarkdownIt  # a run on a text that was read before does without

    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING, "html": True})
    return parser.disable(["inline", "text_join", "reference"])


@cache
def _inline_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": MAX_NESTING, "html": True})


def outline(text: str) -> Outline:
    """The block structure of `text`, whose lines end with `\\n`. Never raises."""
    tokens = _block_parser().parse(text)
    deep = next((_first_line(token) for token in tokens if _is_too_deep(token)), None)
    blocks, _ = _blocks(tokens, 0, text.split("\n"))
    return Outline(blocks, deep)


def as_html(text: str) -> str:
    """A text of our own making, such as the draft of a post-mortem, as HTML; HTML inside it stays text."""
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))


def plain(text: str) -> str:
    """Inline Markdown as the words that a reader sees, on one line.

    Very long text and text full of brackets is returned as it stands: each `[` may look through all that follows.
    """
    if len(text) > MAX_INLINE or text.count("[") > MAX_BRACKETS or not re.search(r"[\\`*_\[<&!\n]", text):
        return " ".join(text.split())
    children = _inline_parser().parseInline(text)[0].children or []
    return " ".join("".join(_words(child) for child in children).split())


def _words(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return " "
    return "" if token.type == "html_inline" else token.content


def _is_too_deep(token: Token) -> bool:
    return token.type in _CONTAINERS and token.level + 1 >= MAX_NESTING


def _first_line(token: Token) -> int:
    return (token.map or [0])[0] + 1


def _blocks(tokens: Sequence[Token], at: int, lines: list[str]) -> tuple[tuple[MarkdownBlock, ...], int]:
    """The blocks from token `at` to the end of their container, and the index of its closing token."""
    found: list[MarkdownBlock] = []
    while at < len(tokens) and tokens[at].nesting >= 0:
        block, at = _block(tokens, at, lines)
        found.append(block)
    return tuple(found), at


def _block(tokens: Sequence[Token], at: int, lines: list[str]) -> tuple[MarkdownBlock, int]:
    token = tokens[at]
    first, last = _span(token, lines)
    match token.type:
        case "heading_open":
            text = tokens[at + 1].content
            return MarkdownBlock(BlockKind.HEADING, first, last, text, level=int(token.tag[1:])), at + 3
        case "paragraph_open":
            return MarkdownBlock(BlockKind.PARAGRAPH, first, last, tokens[at + 1].content), at + 3
        case "fence":
            return _fence(token, first, last, lines), at + 1
        case "bullet_list_open" | "ordered_list_open":
            kind = BlockKind.BULLETS if token.type.startswith("bullet") else BlockKind.NUMBERS
            items, end = _items(tokens, at + 1, lines)
            return MarkdownBlock(kind, first, last, items=items), end + 1
        case "blockquote_open":
            blocks, end = _blocks(tokens, at + 1, lines)
            return MarkdownBlock(BlockKind.QUOTE, first, last, blocks=blocks), end + 1
        case "html_block":
            return MarkdownBlock(BlockKind.HTML, first, last, token.content), at + 1
        case _:
            return MarkdownBlock(BlockKind.OTHER, first, last, token.content), at + 1


def _items(tokens: Sequence[Token], at: int, lines: list[str]) -> tuple[tuple[MarkdownItem, ...], int]:
    found: list[MarkdownItem] = []
    while tokens[at].type == "list_item_open":
        first, last = _span(tokens[at], lines)
        blocks, end = _blocks(tokens, at + 1, lines)
        found.append(_item(first, last, blocks))
        at = end + 1
    return tuple(found), at


def _item(first: int, last: int, blocks: tuple[MarkdownBlock, ...]) -> MarkdownItem:
    if blocks and blocks[0].kind is BlockKind.PARAGRAPH:
        return MarkdownItem(first, last, blocks[0].text, blocks[0].end_line, blocks[1:])
    return MarkdownItem(first, last, "", first, blocks)


def _span(token: Token, lines: list[str]) -> tuple[int, int]:
    """First and last line, without the blank lines that a list item's end may take in."""
    first, after = token.map or [0, 1]
    while after > first + 1 and (after > len(lines) or not lines[after - 1].strip()):
        after -= 1
    return first + 1, after


def _fence(token: Token, first: int, last: int, lines: list[str]) -> MarkdownBlock:
    closing = re.compile(rf"[ \t>]*{re.escape(token.markup)}{re.escape(token.markup[0])}*[ \t]*$")
    is_closed = last > first and closing.match(lines[last - 1]) is not None
    return MarkdownBlock(
        BlockKind.FENCE, first, last, token.content, info=token.info.strip(), is_closed=is_closed
    )
