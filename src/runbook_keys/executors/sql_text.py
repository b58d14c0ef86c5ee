"""Reads the text of a `sql` block: its first word, and its values written as `psql` writes them.

`:'NAME'` becomes a numbered parameter that the server binds, so a value is never part of the text. What looks like
one inside a string, a quoted name, a dollar quote or a comment is left alone, as `psql` does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<line_comment> --[^\n]*+ )
    | (?P<comment> /\* )
    | (?P<text> [eE]'(?:[^'\\]|\\.|'')*+' | '(?:[^']|'')*+' | "(?:[^"]|"")*+" )
    | (?P<dollar> \$(?:[^\W\d]\w*+)?+\$ )
    | (?P<number> \$\d++ )
    | (?P<cast> :: )
    | :'(?P<value> [A-Za-z_]\w*+ )'
    | :"?(?P<bare> [A-Za-z_]\w*+ )
    | (?P<word> [^\W\d][\w$]*+ )
    | (?P<space> \s++ )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class Unreadable(Exception):
    """The text can't be sent; the message says why, as sentences."""


class Statement(NamedTuple):
    """What goes to the server: `text` with `$1`, `$2` …, and the names of the values for them, in that order.

    A name that stands twice is two parameters: each takes the type of its own place, as a literal would.
    """

    text: str
    names: tuple[str, ...]
    first_word: str


class _Token(NamedTuple):
    kind: str
    text: str
    name: str = ""


def read(text: str, known: Collection[str]) -> Statement:
    """The statement of a block that may use the values `known`. Raises `Unreadable`."""
    names: list[str] = []
    parts: list[str] = []
    first_word = ""
    for token in _tokens(text):
        _refuse(token, known)
        if token.kind == "value":
            names.append(token.name)
        parts.append(f"${len(names)}" if token.kind == "value" else token.text)
        if token.kind == "word":
            first_word = first_word or token.text.upper()
    if not first_word:
        raise Unreadable("The block holds no statement.")
    return Statement("".join(parts), tuple(names), first_word)


def _refuse(token: _Token, known: Collection[str]) -> None:
    if token.kind == "value" and token.name not in known:
        raise Unreadable(f"There is no value {token.name} in this run.")
    if token.kind == "bare" and token.name in known:
        raise Unreadable(
            f"Write :'{token.name}', with quotes: a value can't become part of the statement's text."
        )
    if token.kind == "number":
        raise Unreadable(f"Write a value by its name, as in :'NAME'; {token.text} has none.")


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while found := _TOKEN.match(text, at):
        kind = found.lastgroup or ""
        end = _end(kind, text, found)
        yield _Token(kind, text[at:end], found[kind])
        at = end


def _end(kind: str, text: str, found: re.Match[str]) -> int:
    """Where a token ends; what is opened and never closed reaches to the end, and the server will say so."""
    if kind == "comment":
        return _end_of_comment(text, found.end())
    if kind == "dollar":
        closing = text.find(found[0], found.end())
        return closing + len(found[0]) if closing >= 0 else len(text)
    return found.end()


def _end_of_comment(text: str, at: int) -> int:
    """Comments nest in PostgreSQL."""
    depth = 1
    for edge in _COMMENT_EDGE.finditer(text, at):
        depth += 1 if edge[0] == "/*" else -1
        if not depth:
            return edge.end()
    return len(text)
