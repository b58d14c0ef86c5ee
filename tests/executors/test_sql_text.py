"""The text of a sql block is read as psql reads it."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_keys.executors.sql_text import Unreadable, read

KNOWN = ("NAME", "ID")


@pytest.mark.parametrize(
    ("text", "sent", "names"),
    [
        ("SELECT :'NAME'", "SELECT $1", ["NAME"]),
        ("SELECT :'NAME', :'ID', :'NAME'", "SELECT $1, $2, $3", ["NAME", "ID", "NAME"]),
        ("SELECT :'ID'::int", "SELECT $1::int", ["ID"]),
        ("SELECT ':''NAME'''", "SELECT ':''NAME'''", []),
        ("SELECT 'x'':''NAME', :'ID'", "SELECT 'x'':''NAME', $1", ["ID"]),
        ("SELECT E'\\':\\'NAME\\'', :'ID'", "SELECT E'\\':\\'NAME\\'', $1", ["ID"]),
        ("SELECT e'\\\\', :'ID'", "SELECT e'\\\\', $1", ["ID"]),
        ("SELECT '\\', :'ID'", "SELECT '\\', $1", ["ID"]),
        ("""SELECT 1 AS ":'NAME'" """, """SELECT 1 AS ":'NAME'" """, []),
        ("SELECT $$:'NAME'$$, $x$:'NAME' $$ $x$, :'ID'", "SELECT $$:'NAME'$$, $x$:'NAME' $$ $x$, $1", ["ID"]),
        ("SELECT a$b$ FROM t WHERE c$b$ = :'ID'", "SELECT a$b$ FROM t WHERE c$b$ = $1", ["ID"]),
        ("SELECT 1 -- :'NAME'\n, :'ID'", "SELECT 1 -- :'NAME'\n, $1", ["ID"]),
        ("SELECT /* :'NAME' /* ' */ \" */ :'ID'", "SELECT /* :'NAME' /* ' */ \" */ $1", ["ID"]),
        ("SELECT x[1:2], y::text", "SELECT x[1:2], y::text", []),
        ("SELECT 'never closed :'NAME'", "SELECT 'never closed :'NAME'", []),
    ],
)
def test_values_are_bound_where_psql_would_put_them(text: str, sent: str, names: list[str]) -> None:
    """And nowhere else: not in strings, names, dollar quotes and comments."""
    statement = read(text, KNOWN)
    assert (statement.text, list(statement.names)) == (sent, names)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("  -- DELETE\n/* DROP /* */ */ select 1", "SELECT"),
        ("(SELECT 1) UNION (SELECT 2)", "SELECT"),
        ("With x AS (SELECT 1) TABLE x", "WITH"),
        ("delete from t", "DELETE"),
        ("e'x'", ""),
    ],
)
def test_the_first_word_is_found_behind_comments_and_parentheses(text: str, word: str) -> None:
    """It tells a question from a change, before anything is sent."""
    if word:
        assert read(text, ()).first_word == word
    else:
        with pytest.raises(Unreadable):
            read(text, ())


@pytest.mark.parametrize("text", ["", "  \n", "-- only a comment", "/* never closed SELECT 1", ";"])
def test_a_block_without_a_statement_is_refused(text: str) -> None:
    """Nothing to send is a mistake in the block, not a success."""
    with pytest.raises(Unreadable, match="no statement"):
        read(text, ())


@given(st.text("ab':\"$-/*eE\\ \nNAME", max_size=60))
def test_any_text_is_read_or_refused_and_nothing_is_lost(text: str) -> None:
    """Put the names back for the numbers, and it is the same text again."""
    try:
        statement = read(f"SELECT {text}", ("NAME",))
    except Unreadable:
        return
    rebuilt = statement.text
    for nth in range(len(statement.names), 0, -1):
        assert f"${nth}" in rebuilt
        rebuilt = rebuilt.replace(f"${nth}", ":'NAME'", 1)
    assert rebuilt == f"SELECT {text}"


TRICKY = """/* :'NAME' */ SELECT :'NAME' AS a, ':''NAME''' AS b, E'\\':' || :'ID' AS c, $x$:'NAME'$x$ AS d, -- :'NAME'
:'ID'::int + 1 AS e, (ARRAY[1, 2, 3])[1:2] AS ":'NAME'"
"""


@pytest.mark.skipif(shutil.which("psql") is None, reason="psql is not on this machine")
def test_a_block_means_the_same_when_it_is_pasted_into_psql(server_url: str) -> None:
    """The paper checklist and the engine ask the same question."""
    import psycopg

    values = {"NAME": "it's \\ $1", "ID": "41"}
    settings = [part for name, value in values.items() for part in ("-v", f"{name}={value}")]
    by_hand = subprocess.run(
        ["psql", "--no-psqlrc", "--tuples-only", "--no-align", *settings, server_url],
        input=TRICKY + ";",
        capture_output=True,
        text=True,
        check=True,
    )
    statement = read(TRICKY, values)
    with psycopg.connect(server_url) as connection, psycopg.RawCursor(connection) as cursor:
        row = cursor.execute(statement.text, [values[name] for name in statement.names]).fetchone()
    assert row is not None
    assert by_hand.stdout.strip().split("|")[:5] == [str(value) for value in row[:5]]
