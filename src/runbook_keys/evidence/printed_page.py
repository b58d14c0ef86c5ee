"""One of our own HTML pages as a page for paper, so that each report is written once.

Reads what `report_html` writes, and what a draft in Markdown becomes: plain, closed elements without scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from html.parser import HTMLParser

from msgspec import Struct, field

from runbook_keys.model.printed import Facts, Grid, Heading, Lines, Picture, Printed, Prose, Span

_VOID = frozenset({"meta", "br", "hr", "img", "link"})
_INLINE = frozenset({"a", "b", "strong", "em", "code", "span", "br", "#text"})
_TONES = {"b": "strong", "strong": "strong", "code": "code"}
_SHORT, _SHORT_IN_ALL, _WIDEST = 24, 72, 120
"""Characters: of a column that is not broken, of all such columns of a table, and from where on length counts no more."""

Block = Heading | Prose | Lines | Picture | Facts | Grid


class Node(Struct):
    """An element, or a text (`#text`) with its `words`."""

    tag: str
    words: str = ""
    classes: tuple[str, ...] = ()
    source: str = ""
    nodes: list[Node] = field(default_factory=list)


class _Tree(HTMLParser):
    """The page as a tree."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("#page")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins; one that holds nothing ends at once."""
        given = dict(attrs)
        node = Node(tag, "", tuple((given.get("class") or "").split()), given.get("src") or "")
        self.open[-1].nodes.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        """An element ends, and with it what was left open in it."""
        while len(self.open) > 1 and self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Words."""
        self.open[-1].nodes.append(Node("#text", data))


def printed(html: bytes, day: date, left: str, right: str) -> Printed:
    """The page for paper, of this day, with these words on top of each sheet."""
    tree = _Tree()
    tree.feed(html.decode("utf-8"))
    tree.close()
    title = next((_words(node) for node in _all(tree.open[0], "title")), "")
    body = next(_all(tree.open[0], "body"), tree.open[0])
    return Printed(title, day, left, right, tuple(_blocks(body.nodes)))


def _all(node: Node, tag: str) -> Iterator[Node]:
    for each in node.nodes:
        if each.tag == tag:
            yield each
        yield from _all(each, tag)


def _words(node: Node) -> str:
    if node.tag == "br":
        return "\n"
    return node.words if node.tag == "#text" else "".join(map(_words, node.nodes))


def _flat(node: Node) -> str:
    return " ".join(_words(node).split())


def _blocks(nodes: Sequence[Node]) -> Iterator[Block]:
    """The parts that these elements make; words between them are a paragraph of their own."""
    loose: list[Node] = []
    for node in nodes:
        if node.tag in _INLINE and not any(_all(node, "pre")):
            loose.append(node)
            continue
        yield from _loose(loose)
        loose = []
        yield from _BLOCKS.get(node.tag, _inside)(node)
    yield from _loose(loose)


def _loose(nodes: Sequence[Node]) -> Iterator[Prose]:
    if spans := _spans(nodes):
        yield Prose(spans)


def _inside(node: Node) -> Iterator[Block]:
    yield from _blocks(node.nodes)


def _heading(node: Node) -> Iterator[Block]:
    yield Heading(min(int(node.tag[1]), 3), _flat(node))


def _paragraph(node: Node) -> Iterator[Block]:
    if pictures := [*_all(node, "img")]:
        yield from (Picture(each.source) for each in pictures)
        return
    tones = [each for each in ("good", "open", "ending", "quiet") if each in node.classes]
    yield Prose(_spans(node.nodes), tones[0] if tones else "")


def _lines(node: Node) -> Iterator[Block]:
    yield Lines(_words(node).strip("\n"))


def _facts(node: Node) -> Iterator[Block]:
    names = [_flat(each) for each in _all(node, "dt")]
    yield Facts(tuple(zip(names, (_flat(each) for each in _all(node, "dd")), strict=True)))


def _grid(node: Node) -> Iterator[Block]:
    head = tuple(_flat(each) for each in _all(node, "th"))
    bodies = [row for row in _all(node, "tr") if any(cell.tag == "td" for cell in row.nodes)]
    rows = tuple(tuple(_cell(cell) for cell in row.nodes if cell.tag == "td") for row in bodies)
    yield Grid(head, rows, tuple(_widths(head, rows)))


def _cell(node: Node) -> tuple[Prose | Lines, ...]:
    return tuple(part for part in _blocks(node.nodes) if isinstance(part, Prose | Lines))


def _list(node: Node) -> Iterator[Block]:
    items = [each for each in node.nodes if each.tag == "li"]
    for number, item in enumerate(items, 1):
        mark = Span(f"{number}. " if node.tag == "ol" else "• ")
        for at, part in enumerate(_blocks(item.nodes)):
            if isinstance(part, Prose):
                yield Prose((mark, *part.spans) if at == 0 else part.spans, "item")
            else:
                yield part


def _quote(node: Node) -> Iterator[Block]:
    for part in _blocks(node.nodes):
        yield Prose(part.spans, "quote") if isinstance(part, Prose) else part


def _nothing(_node: Node) -> Iterator[Block]:
    return iter(())


def _spans(nodes: Sequence[Node], tone: str = "") -> tuple[Span, ...]:
    found: list[Span] = []
    for node in nodes:
        if node.tag == "br":
            found.append(Span("\n", tone))
        elif node.tag == "#text":
            space = " " if node.words[:1].isspace() else ""
            words = space + " ".join(node.words.split()) + (" " if node.words[-1:].isspace() else "")
            found += (
                [Span(words, tone)] if node.words.strip() else [Span(" ")] if node.words and found else []
            )
        else:
            loud = [each for each in ("badge", "quiet") if each in node.classes]
            found += _spans(node.nodes, loud[0] if loud else _TONES.get(node.tag, tone))
    return tuple(found)


def _widths(head: Sequence[str], rows: Sequence[Sequence[Sequence[Prose | Lines]]]) -> Iterator[float]:
    """Each column's share of what is left: by its longest cell. Short columns have none and are as wide as they must be."""
    longest = [
        max([len(name), *(len(_text(row[at])) for row in rows if at < len(row))])
        for at, name in enumerate(head)
    ]
    room = _SHORT_IN_ALL
    for length in longest:
        is_short = length <= min(_SHORT, room)
        room -= length if is_short else 0
        yield 0.0 if is_short else float(min(length, _WIDEST))


def _text(cell: Sequence[Prose | Lines]) -> str:
    return " ".join(
        part.text if isinstance(part, Lines) else "".join(span.text for span in part.spans) for part in cell
    )


_BLOCKS: dict[str, Callable[[Node], Iterator[Block]]] = {
    **dict.fromkeys(("h1", "h2", "h3"), _heading),
    "p": _paragraph,
    "pre": _lines,
    "dl": _facts,
    "table": _grid,
    "blockquote": _quote,
    **dict.fromkeys(("ul", "ol"), _list),
    **dict.fromkeys(("head", "style", "hr", "title"), _nothing),
}
