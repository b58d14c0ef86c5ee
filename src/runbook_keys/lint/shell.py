"""Reads a bash text into its facts. The one place that knows tree-sitter, which is loaded when the first text comes.

Nothing is run. A text that is not sound bash still gives the facts that can be read; shellcheck says what is wrong.
The walk keeps a list of what is left to visit instead of calling itself, so `$($($(…` can't exhaust the stack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from runbook_keys.lint.script import Assignment, Command, Comment, Place, Redirect, Script, Use, Word

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

LONGEST = 100_000
"""Characters of a block that are read; a block that is longer is no block for a person."""

_ARITHMETIC_TESTS = frozenset({b"-eq", b"-ne", b"-lt", b"-le", b"-gt", b"-ge"})
_EXPANSIONS = frozenset({"simple_expansion", "expansion"})
_OPAQUE = {"command_substitution": "$(…)", "process_substitution": "<(…)", "arithmetic_expansion": "$((…))"}
_DEFAULTS = frozenset({":-", "-", ":=", "=", ":+", "+"})
_NAMES = frozenset({"variable_name", "special_variable_name"})
_SETS_ITS_ARGUMENTS = frozenset({"read", "mapfile", "readarray", "getopts"})
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class _Visit(Struct, frozen=True):
    """A node that is left to visit, and what holds around it."""

    node: Node
    place: Place = Place()
    is_quoted: bool = False
    is_arithmetic: bool = False

    def inner(self, nodes: Iterable[Node]) -> Iterator[_Visit]:
        return (replace(self, node=node) for node in nodes)


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def script_of(text: str) -> Script:
    """The facts of a bash text. Raises ImportError where tree-sitter is not installed."""
    source = text[:LONGEST].encode("utf-8", "replace")
    script = Script()
    waiting = [_Visit(_parser().parse(source).root_node)]
    while waiting:
        visit = waiting.pop()
        read = _READERS.get(visit.node.type, _pass_on)
        waiting.extend(reversed(list(read(visit, source, script))))
    return script


def _pass_on(visit: _Visit, _source: bytes, _script: Script) -> Iterator[_Visit]:
    return visit.inner(visit.node.children)


def _read_comment(visit: _Visit, _source: bytes, script: Script) -> Iterator[_Visit]:
    script.comments.append(Comment(_text(visit.node), _line(visit.node)))
    return iter(())


def _read_command(visit: _Visit, source: bytes, script: Script) -> Iterator[_Visit]:
    words: list[Word] = []
    before: list[Assignment] = []
    redirects: list[Redirect] = []
    for child in visit.node.children:
        if child.type == "variable_assignment":
            before.append(_assignment(child, source))
        elif child.type.endswith("_redirect"):
            redirects.append(_redirect(child, source))
        elif child.is_named:
            words.append(_word(child, source))
    script.redirects.extend(redirects)
    place = replace(visit.place, redirects=visit.place.redirects + tuple(redirects))
    command = Command(tuple(words), _line(visit.node), place, tuple(before))
    script.commands.append(command)
    script.assignments.extend(_set_by(command))
    return visit.inner(visit.node.children)


def _set_by(command: Command) -> Iterator[Assignment]:
    shapes = [word.shape for word in command.arguments]
    if command.name in _SETS_ITS_ARGUMENTS:
        names = [shape for shape in shapes if _NAME.fullmatch(shape)]
    elif command.name == "printf" and "-v" in shapes[:-1]:
        names = [shapes[shapes.index("-v") + 1]]
    else:
        return
    yield from (Assignment(name, command.line) for name in names)


def _read_declaration(visit: _Visit, source: bytes, script: Script) -> Iterator[_Visit]:
    """`export`, `local`, `declare`: their assignments are read as such; the command itself counts as one."""
    words = tuple(
        _word(child, source) for child in visit.node.children if child.type != "variable_assignment"
    )
    script.commands.append(Command(words, _line(visit.node), visit.place))
    for child in visit.node.children:
        if child.type == "variable_name" and _text(visit.node.children[0]) != "export":
            script.assignments.append(Assignment(_text(child), _line(child)))
    return visit.inner(visit.node.children)


def _read_assignment(visit: _Visit, source: bytes, script: Script) -> Iterator[_Visit]:
    script.assignments.append(_assignment(visit.node, source))
    is_array = any(child.type == "array" for child in visit.node.children)
    return replace(visit, is_quoted=not is_array).inner(visit.node.children)


def _assignment(node: Node, source: bytes) -> Assignment:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    text = _text(name).split("[", 1)[0] if name else ""
    is_word = value is not None and value.type != "array"
    return Assignment(text, _line(node), _word(value, source) if value and is_word else None)


def _read_redirected(visit: _Visit, source: bytes, script: Script) -> Iterator[_Visit]:
    nodes = [child for child in visit.node.children if child.type.endswith("_redirect")]
    redirects = tuple(_redirect(node, source) for node in nodes)
    script.redirects.extend(redirects)
    place = replace(visit.place, redirects=visit.place.redirects + redirects)
    for child in visit.node.children:
        yield replace(visit, node=child, place=visit.place if child in nodes else place)


def _redirect(node: Node, source: bytes) -> Redirect:
    sign = next((child for child in node.children if not child.is_named), node)
    to = node.child_by_field_name("destination")
    if to is None and node.type == "herestring_redirect":
        to = node.named_children[-1]
    return Redirect(_text(sign)[:3], _word(to, source) if to else None)


def _read_pipeline(visit: _Visit, source: bytes, _script: Script) -> Iterator[_Visit]:
    parts = [child for child in visit.node.children if child.is_named]
    for number, part in enumerate(parts):
        after = parts[number + 1] if number + 1 < len(parts) else None
        place = replace(
            visit.place,
            feeds=_first_word(after, source) if after else visit.place.feeds,
            is_piped_into=number > 0 or visit.place.is_piped_into,
        )
        yield replace(visit, node=part, place=place)


def _first_word(node: Node, source: bytes) -> str:
    while node.type != "command" and node.named_children:
        node = node.named_children[0]
    name = node.child_by_field_name("name")
    return _word(name, source).shape.rsplit("/", 1)[-1] if name else ""


def _read_list(visit: _Visit, _source: bytes, _script: Script) -> Iterator[_Visit]:
    """What stands before `||` may fail without ending the block."""
    is_or = any(child.type == "||" for child in visit.node.children)
    for number, child in enumerate(visit.node.children):
        tolerated = replace(visit.place, is_tolerated=True) if is_or and number == 0 else visit.place
        yield replace(visit, node=child, place=tolerated)


def _read_substitution(visit: _Visit, _source: bytes, _script: Script) -> Iterator[_Visit]:
    return _Visit(visit.node, Place(is_captured=True)).inner(visit.node.children)


def _read_quoted(visit: _Visit, _source: bytes, _script: Script) -> Iterator[_Visit]:
    return replace(visit, is_quoted=True).inner(visit.node.children)


def _read_arithmetic(visit: _Visit, _source: bytes, _script: Script) -> Iterator[_Visit]:
    return replace(visit, is_quoted=True, is_arithmetic=True).inner(visit.node.children)


def _read_compound(visit: _Visit, source: bytes, script: Script) -> Iterator[_Visit]:
    is_arithmetic = visit.node.children and visit.node.children[0].type == "(("
    return (_read_arithmetic if is_arithmetic else _pass_on)(visit, source, script)


def _read_test(visit: _Visit, source: bytes, script: Script) -> Iterator[_Visit]:
    """Nothing is split inside `[[ ]]`, and everything is inside `[ ]`."""
    is_double = visit.node.children and visit.node.children[0].type == "[["
    return (_read_quoted if is_double else _pass_on)(visit, source, script)


def _read_comparison(visit: _Visit, source: bytes, script: Script) -> Iterator[_Visit]:
    """`[[ $X -eq 1 ]]` computes with what X holds; `[ "$X" -eq 1 ]` does not."""
    computes = visit.is_quoted and any(child.text in _ARITHMETIC_TESTS for child in visit.node.children)
    return (_read_arithmetic if computes else _pass_on)(visit, source, script)


def _read_case(visit: _Visit, _source: bytes, _script: Script) -> Iterator[_Visit]:
    value = visit.node.child_by_field_name("value")
    for child in visit.node.children:
        yield replace(visit, node=child, is_quoted=visit.is_quoted or child == value)


def _read_for(visit: _Visit, _source: bytes, script: Script) -> Iterator[_Visit]:
    variable = visit.node.child_by_field_name("variable")
    if variable is not None:
        script.assignments.append(Assignment(_text(variable), _line(variable)))
    return visit.inner(visit.node.children)


def _read_function(visit: _Visit, _source: bytes, script: Script) -> Iterator[_Visit]:
    name = visit.node.child_by_field_name("name")
    script.functions.add(_text(name) if name else "")
    return visit.inner(child for child in visit.node.children if child != name)


def _read_expansion(visit: _Visit, _source: bytes, script: Script) -> Iterator[_Visit]:
    use = _use(visit.node)
    is_number = any(child.type == "#" for child in visit.node.children[:2])
    quoted = visit.is_quoted or is_number or use.name in "?#!$-"
    script.uses.append(replace(use, is_quoted=quoted, is_arithmetic=visit.is_arithmetic))
    return visit.inner(child for child in visit.node.children if child.type not in _NAMES)


def _use(node: Node) -> Use:
    kinds = {child.type for child in node.children}
    return Use(
        name=_name_in(node),
        line=_line(node),
        is_indirect="!" in kinds,
        has_default=bool(kinds & _DEFAULTS),
    )


def _name_in(node: Node) -> str:
    for child in node.children:
        if child.type in _NAMES:
            return _text(child)
        if child.type == "subscript":
            return _name_in(child)
    return ""


def _read_name(visit: _Visit, _source: bytes, script: Script) -> Iterator[_Visit]:
    """In arithmetic a bare name is an expansion too, but for the array's in `${array[index]}`."""
    is_array = visit.node.parent is not None and visit.node.parent.type == "subscript"
    if visit.is_arithmetic and not (is_array and visit.node.prev_sibling is None):
        script.uses.append(Use(_text(visit.node), _line(visit.node), is_quoted=True, is_arithmetic=True))
    return iter(())


def _word(node: Node, source: bytes) -> Word:
    """The word that a node is, without visiting what is inside its substitutions."""
    edits: list[tuple[int, int, str]] = []
    names: list[str] = []
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if edit := _edit(part, source):
            edits.append(edit)
        if part.type in _EXPANSIONS:
            names.append(_name_in(part))
        if part.type not in _OPAQUE:
            waiting.extend(reversed(part.children))
    opaque = any(text.startswith(("$", "<(")) for _, _, text in edits)
    return Word(_edited(node, source, edits), _line(node), tuple(names), is_constant=not opaque and not names)


def _edit(part: Node, source: bytes) -> tuple[int, int, str] | None:
    """What to write for a part instead of its text: nothing for quotes, `$NAME` for an expansion."""
    start, end = part.start_byte, part.end_byte
    if part.type in _EXPANSIONS:
        return source.find(b"$", start, end), end, f"${_name_in(part)}"
    if part.type in _OPAQUE:
        return start, end, _OPAQUE[part.type]
    if part.type == '"':
        return start, end, ""
    if part.type in ("raw_string", "ansi_c_string"):
        return start, end, _text(part).removeprefix("$")[1:-1]
    if part.type == "word" and b"\\" in source[start:end]:
        return start, end, re.sub(r"\\(.)", r"\1", _text(part), flags=re.DOTALL)
    return None


def _edited(node: Node, source: bytes, edits: list[tuple[int, int, str]]) -> str:
    pieces: list[str] = []
    at = node.start_byte
    for start, end, text in sorted(edits):
        if start >= at:
            pieces += [source[at:start].decode("utf-8", "replace"), text]
            at = end
    pieces.append(source[at : node.end_byte].decode("utf-8", "replace"))
    return "".join(pieces)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _line(node: Node) -> int:
    """The line where it ends its first token: tree-sitter counts the space before `$` to some expansions."""
    first = node.children[0].end_point if node.children and node.type in _EXPANSIONS else node.start_point
    return first.row + 1


_READERS: dict[str, Callable[[_Visit, bytes, Script], Iterator[_Visit]]] = {
    "comment": _read_comment,
    "command": _read_command,
    "declaration_command": _read_declaration,
    "variable_assignment": _read_assignment,
    "redirected_statement": _read_redirected,
    "pipeline": _read_pipeline,
    "list": _read_list,
    "command_substitution": _read_substitution,
    "process_substitution": _read_substitution,
    "string": _read_quoted,
    "heredoc_body": _read_quoted,
    "herestring_redirect": _read_quoted,
    "arithmetic_expansion": _read_arithmetic,
    "subscript": _read_arithmetic,
    "compound_statement": _read_compound,
    "test_command": _read_test,
    "binary_expression": _read_comparison,
    "case_statement": _read_case,
    "for_statement": _read_for,
    "function_definition": _read_function,
    "simple_expansion": _read_expansion,
    "expansion": _read_expansion,
    "variable_name": _read_name,
}
