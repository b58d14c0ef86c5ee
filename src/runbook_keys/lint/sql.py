"""SQL as far as a rule needs it: statements without strings and comments, the values they name, what they change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

LONGEST = 100_000
"""Characters of a block that are read."""

_TOKEN = re.compile(
    r"""
      (?P<comment> --[^\n]*+ | /\*(?:[^*]|\*(?!/))*+(?:\*/)? )
    | (?P<text> [eE]'(?:[^'\\]|\\.|'')*+'? | '(?:[^']|'')*+'? )
    | (?P<quoted> "(?:[^"]|"")*+"? )
    | (?P<value> :'[A-Za-z_]\w*+' )
    | (?P<cast> :: )
    | (?P<dollar> \$(?:[^\W\d]\w*+)?+\$ )
    """,
    re.VERBOSE | re.DOTALL,
)
_VALUE = re.compile(r":'([A-Za-z_]\w*+)'")

_CHANGING_WORDS = {
    "insert": "adds rows",
    "update": "changes rows",
    "delete": "removes rows",
    "merge": "changes rows",
    "truncate": "empties a table",
    "drop": "removes an object",
    "alter": "changes an object",
    "create": "makes an object",
    "grant": "changes rights",
    "revoke": "changes rights",
    "reassign": "changes owners",
    "vacuum": "rewrites a table",
    "reindex": "rebuilds indexes",
    "cluster": "rewrites a table",
    "analyze": "writes statistics",
    "refresh": "rewrites a view",
    "lock": "locks a table",
    "call": "calls a procedure",
    "do": "runs code in the database",
    "copy": "copies data",
    "import": "makes tables",
    "comment": "changes a comment",
    "notify": "sends a notification",
    "checkpoint": "forces a checkpoint",
    "prepare": "prepares a transaction or statement",
    "execute": "runs a prepared statement",
    "begin": "controls the transaction",
    "start": "controls the transaction",
    "commit": "controls the transaction",
    "end": "controls the transaction",
    "rollback": "controls the transaction",
    "set": "changes settings",
    "reset": "changes settings",
    "discard": "changes settings",
    "load": "loads a library",
    "security": "changes a label",
}
_CHANGING_FUNCTIONS = re.compile(
    r"\b(pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile|pg_promote|pg_switch_wal|"
    r"pg_create_restore_point|pg_(?:try_)?advisory_(?:xact_)?lock(?:_shared)?|pg_notify|pg_wal_replay_(?:pause|resume)|"
    r"pg_drop_replication_slot|pg_create_\w+_replication_slot|pg_logical_slot_get_(?:binary_)?changes|"
    r"pg_stat_reset\w*|pg_stat_statements_reset|pg_file_write|lo_(?:create|import|unlink|put|from_bytea)|"
    r"nextval|setval|set_config|dblink(?:_exec)?|pg_replication_origin_\w+|pg_start_backup|pg_stop_backup|"
    r"pg_backup_start|pg_backup_stop)\s*\(",
    re.IGNORECASE,
)
_ROW_LOCK = re.compile(r"\bfor\s+(?:no\s+key\s+)?(?:update|(?:key\s+)?share)\b", re.IGNORECASE)
_INTO = re.compile(r"\binto\b", re.IGNORECASE)
_WRITING_PART = re.compile(r"\b(insert\s+into|update\s+\w|delete\s+from|merge\s+into)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_]\w*")


class Masked(Struct, frozen=True):
    """A text of which only code is left, the rest blanked, so that places stay; and its comments with their lines."""

    text: str
    comments: tuple[tuple[str, int], ...]


class Change(Struct, frozen=True):
    """What a statement changes, in words that follow "it", and its line in the text (1-based)."""

    what: str
    line: int


def masked(text: str) -> Masked:
    """The text without strings, quoted names and comments. Parameters (`:'NAME'`) count as strings."""
    pieces: list[str] = []
    comments: list[tuple[str, int]] = []
    at = 0
    for start, end, kind in _spans(text[:LONGEST]):
        if kind == "comment":
            comments.append((text[start:end], text.count("\n", 0, start) + 1))
        pieces += [text[at:start], _blank(text[start:end])]
        at = end
    return Masked("".join(pieces) + text[at:LONGEST], tuple(comments))


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of what is no code."""
    at = 0
    unclosed: set[str] = set()
    while found := _TOKEN.search(text, at):
        start, at = found.span()
        kind = found.lastgroup or ""
        if kind == "cast":
            continue
        if kind == "dollar":
            at = _end_of_dollar_quote(text, found[0], at, unclosed)
        yield start, at, kind


def _end_of_dollar_quote(text: str, mark: str, at: int, unclosed: set[str]) -> int:
    """An opening that was not closed before is not looked for again, so that many of them stay linear."""
    if mark in unclosed or len(unclosed) > 20:
        return len(text)
    closing = text.find(mark, at)
    if closing < 0:
        unclosed.add(mark)
        return len(text)
    return closing + len(mark)


def values_in(text: str) -> Iterator[tuple[str, int]]:
    """The names in `:'NAME'` with their lines, those in comments and strings left out."""
    for start, end, kind in _spans(text[:LONGEST]):
        match = _VALUE.fullmatch(text, start, end) if kind == "value" else None
        if match:
            yield match[1], text.count("\n", 0, start) + 1


def change_in_sql(text: str) -> Change | None:
    """The first change that the statements of a text make; None where none is known."""
    code = masked(text).text
    at = 0
    for statement in code.split(";"):
        what = _change(statement)
        if what:
            lead = len(statement) - len(statement.lstrip())
            return Change(what, code.count("\n", 0, at + lead) + 1)
        at += len(statement) + 1
    return None


def _change(statement: str) -> str | None:
    word = _WORD.search(statement)
    first = word[0].lower() if word else ""
    if first in _CHANGING_WORDS:
        return f"{_CHANGING_WORDS[first]} ({first.upper()})"
    if function := _CHANGING_FUNCTIONS.search(statement):
        return f"calls {function[1]}, which changes something"
    if first in ("with", "explain") and (part := _WRITING_PART.search(statement)):
        return f"holds {' '.join(part[1].upper().split())}"
    if first in ("select", "with", "table", "values"):
        return _change_by_select(statement)
    return None


def _change_by_select(statement: str) -> str | None:
    if _ROW_LOCK.search(statement):
        return "locks rows"
    if _INTO.search(statement):
        return "makes a table (SELECT INTO)"
    return None
