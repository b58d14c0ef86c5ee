"""A sql block on a real PostgreSQL: what it answers, what it may not, and what is known when things break."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from runbook_keys.executors.sql import SqlExecutor
from runbook_keys.model.outcome import Outcome, OutcomeKind
from runbook_keys.testing.task import a_task

Ask = Callable[..., Outcome]


@pytest.fixture
def admin(server_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection, in a schema with a table of three rows."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS shop CASCADE")
        connection.execute("CREATE SCHEMA shop")
        connection.execute("CREATE TABLE shop.orders (id int PRIMARY KEY, name text)")
        connection.execute("INSERT INTO shop.orders VALUES (1, 'tea'), (2, 'milk'), (3, NULL)")
        yield connection


@pytest.fixture
def ask(server_url: str, admin: psycopg.Connection[Any]) -> Ask:
    """Runs a block as the superuser: `ask(text, **what a_task takes)`."""

    def to_its_end(text: str, **options: Any) -> Outcome:
        url = {"DB_URL": server_url}
        options = {"on": "DB_URL", **options}
        values = url | options.pop("values", {})
        task = a_task(text, language="sql", values=values, **options)
        return asyncio.run(SqlExecutor().execute(task, lambda _: None))

    return to_its_end


def names(admin: psycopg.Connection[Any]) -> list[str | None]:
    """What the table holds now."""
    return [name for (name,) in admin.execute("SELECT name FROM shop.orders ORDER BY id")]


def test_an_answer_is_rows_for_conditions_and_a_table_for_eyes(ask: Ask) -> None:
    """Both show the same; NULL is no text."""
    outcome = ask("SELECT id, name FROM shop.orders ORDER BY id;")
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert outcome.observation.exit_code == 0
    assert outcome.observation.rows == [
        {"id": 1, "name": "tea"},
        {"id": 2, "name": "milk"},
        {"id": 3, "name": None},
    ]
    assert outcome.observation.stdout == "id | name\n---+-----\n1  | tea\n2  | milk\n3  |\n(3 rows)\n"
    assert outcome.enforcement == "read-only transaction, role larkspur_root (a superuser)"


def test_an_answer_without_rows_still_names_its_columns(ask: Ask) -> None:
    """No rows is an answer too."""
    seen = ask("SELECT id FROM shop.orders WHERE false").observation
    assert (seen.rows, seen.stdout) == ([], "id\n--\n(0 rows)\n")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("42", 42),
        ("9223372036854775807", 9223372036854775807),
        ("1.50::numeric", "1.50"),
        ("0.25::float8", 0.25),
        ("'NaN'::float8", "NaN"),
        ("'-Infinity'::float4", "-Infinity"),
        ("true", True),
        ("NULL::int", None),
        ("date '2026-11-23'", "2026-11-23"),
        ("'infinity'::timestamp", "infinity"),
        ("timestamptz '2026-11-23 03:12:00+00' AT TIME ZONE 'UTC'", "2026-11-23 03:12:00"),
        ("'0b1e6f2e-0c55-4a55-9a63-1c2c8f1f7d11'::uuid", "0b1e6f2e-0c55-4a55-9a63-1c2c8f1f7d11"),
        ("'\\x00ff'::bytea", "\\x00ff"),
        ("""'{"a": [1, null, "x"]}'::jsonb""", {"a": [1, None, "x"]}),
        ("repeat('[', 3000)::text", "[" * 3000),
        ("(repeat('[', 3000) || repeat(']', 3000))::json", "[" * 3000 + "]" * 3000),
        ("ARRAY[1, 2]", "{1,2}"),
        ("'é☃'", "é☃"),
    ],
)
def test_every_value_is_ready_for_json(ask: Ask, expression: str, value: object) -> None:
    """Numbers that JSON can't hold, dates and bytes come as the server writes them."""
    assert ask(f"SELECT {expression} AS v").observation.rows == [{"v": value}]


@pytest.mark.parametrize(
    "value", ["tea' OR '1'='1", "'; DROP TABLE shop.orders; --", "$(touch x)", "$1", "\\", "%s", ":'OTHER'", "é", "", "a\nb"]
)  # fmt: skip
def test_a_hostile_value_stays_a_value(ask: Ask, admin: psycopg.Connection[Any], value: str) -> None:
    """It is bound on the server and compared as it is."""
    text = "SELECT :'NAME' AS given, count(*) AS hits FROM shop.orders WHERE name = :'NAME'"
    outcome = ask(text, values={"NAME": value, "OTHER": "x"})
    assert outcome.observation.rows == [{"given": value, "hits": 0}]
    assert names(admin) == ["tea", "milk", None]


def test_a_value_takes_the_type_of_its_place(ask: Ask) -> None:
    """As with a literal in psql, no cast is needed to compare with a number."""
    assert ask("SELECT name FROM shop.orders WHERE id = :'ID'", values={"ID": "2"}).observation.rows == [
        {"name": "milk"}
    ]


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE shop.orders SET name = 'x'",
        "INSERT INTO shop.orders VALUES (4, 'x')",
        "-- SELECT\n/* WITH /* */ */ DELETE FROM shop.orders",
        "DO $$BEGIN DELETE FROM shop.orders; END$$",
        "CALL shop.nothing()",
        "COPY shop.orders TO PROGRAM 'touch x'",
        "SET transaction_read_only = off",
        "COMMIT",
        "TRUNCATE shop.orders",
        "CREATE TABLE shop.t (i int)",
    ],
)
def test_a_looking_step_is_told_when_its_statement_is_no_question(
    ask: Ask, admin: psycopg.Connection[Any], text: str
) -> None:
    """The plain explanation comes before anything is sent."""
    outcome = ask(text)
    assert outcome.kind is OutcomeKind.FAILED
    assert "may only look" in outcome.why
    assert "Nothing was sent." in outcome.why
    assert names(admin) == ["tea", "milk", None]


@pytest.mark.parametrize(
    "text",
    [
        "WITH gone AS (DELETE FROM shop.orders RETURNING id) SELECT * FROM gone",
        "EXPLAIN ANALYZE DELETE FROM shop.orders",
        "SELECT shop.wipe()",
        "SELECT set_config('transaction_read_only', 'off', false), shop.wipe()",
        "SELECT set_config('transaction_read_only', 'off', true) UNION ALL SELECT shop.wipe()::text",
        "SELECT nextval('shop.numbers')",
        "SELECT * INTO shop.copy FROM shop.orders",
        "SELECT * FROM shop.orders FOR UPDATE",
    ],
)
def test_a_looking_step_that_hides_a_change_is_refused_by_the_server(
    ask: Ask, admin: psycopg.Connection[Any], text: str
) -> None:
    """Even as a superuser: the read-only transaction is what enforces it."""
    admin.execute(
        "CREATE FUNCTION shop.wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM shop.orders; SELECT 1'"
    )
    admin.execute("CREATE SEQUENCE shop.numbers")
    outcome = ask(text)
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.observation.exit_code == 1
    assert "read-only" in outcome.why or "read-write mode" in outcome.why
    assert outcome.why.strip() in outcome.observation.stderr
    assert names(admin) == ["tea", "milk", None]


def test_what_a_looking_step_may_do_is_rolled_back(ask: Ask, admin: psycopg.Connection[Any]) -> None:
    """Older servers let a read-only transaction make a large object: it is gone with the transaction."""
    ask("SELECT lo_create(4711)")
    assert admin.execute("SELECT count(*) FROM pg_largeobject_metadata").fetchone() == (0,)


def test_a_change_is_committed_and_its_tag_shown(ask: Ask, admin: psycopg.Connection[Any]) -> None:
    """An action's statement takes effect as a whole."""
    outcome = ask(
        "UPDATE shop.orders SET name = :'NAME' WHERE id > 1", values={"NAME": "oats"}, is_looking=False
    )
    assert (outcome.kind, outcome.enforcement) == (OutcomeKind.SUCCEEDED, "")
    assert (outcome.observation.stdout, outcome.observation.rows) == ("UPDATE 2\n", [])
    assert names(admin) == ["tea", "oats", "oats"]


def test_a_change_may_return_rows(ask: Ask) -> None:
    """What was deleted is evidence."""
    outcome = ask("DELETE FROM shop.orders WHERE id = 1 RETURNING *", is_looking=False)
    assert outcome.observation.rows == [{"id": 1, "name": "tea"}]


def test_a_refused_change_changes_nothing_and_says_why(ask: Ask, admin: psycopg.Connection[Any]) -> None:
    """A server that says no is a failure, told with its detail."""
    outcome = ask("UPDATE shop.orders SET id = 1", is_looking=False)
    assert (outcome.kind, outcome.observation.exit_code) == (OutcomeKind.FAILED, 1)
    assert "duplicate key value" in outcome.why
    assert "Key (id)=(1) already exists." in outcome.why
    assert names(admin) == ["tea", "milk", None]


def test_a_change_refused_at_commit_is_failed(ask: Ask, admin: psycopg.Connection[Any]) -> None:
    """A deferred constraint speaks last, and is still a clear no."""
    admin.execute("ALTER TABLE shop.orders ADD UNIQUE (name) DEFERRABLE INITIALLY DEFERRED")
    outcome = ask("UPDATE shop.orders SET name = 'same'", is_looking=False)
    assert outcome.kind is OutcomeKind.FAILED
    assert names(admin) == ["tea", "milk", None]


@pytest.mark.parametrize(
    "text", ["CREATE INDEX CONCURRENTLY by_name ON shop.orders (name)", "VACUUM shop.orders", "ALTER SYSTEM RESET work_mem"]
)  # fmt: skip
def test_a_statement_that_refuses_a_transaction_runs_by_itself(ask: Ask, text: str) -> None:
    """Some maintenance is possible only outside a transaction."""
    assert ask(text, is_looking=False).kind is OutcomeKind.SUCCEEDED


@pytest.mark.parametrize("is_looking", [True, False])
def test_several_statements_in_one_block_are_refused(
    ask: Ask, admin: psycopg.Connection[Any], is_looking: bool
) -> None:
    """Half of them could succeed, and nobody would know which."""
    outcome = ask("SELECT 1; DELETE FROM shop.orders", is_looking=is_looking)
    assert outcome.why == "A block holds one statement, and this one holds several. Make each of them a step."
    assert names(admin) == ["tea", "milk", None]


@pytest.mark.parametrize("text", ["COPY shop.orders FROM STDIN", "COPY shop.orders TO STDOUT"])
def test_a_block_that_wants_to_exchange_a_file_is_refused(
    ask: Ask, admin: psycopg.Connection[Any], text: str
) -> None:
    """There is no file at this end; the step fails at once rather than wait for one."""
    outcome = ask(text, is_looking=False, timeout_seconds=10)
    assert outcome.kind is OutcomeKind.FAILED
    assert "COPY" in outcome.why
    assert names(admin) == ["tea", "milk", None]


@pytest.mark.parametrize("word", ["BEGIN", "COMMIT", "ROLLBACK", "START TRANSACTION"])
def test_a_block_does_not_handle_the_transaction(ask: Ask, word: str) -> None:
    """KEYS could not tell any more what was committed."""
    assert "KEYS begins and ends the transaction itself." in ask(word, is_looking=False).why


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"on": None}, "does not say which database"),
        ({"on": "OTHER_URL"}, "no value OTHER_URL"),
        ({"on": "NAME"}, "NAME does not hold an address"),
        ({"text": "SELECT :'MISSING'"}, "no value MISSING"),
        ({"text": "SELECT :NAME"}, "Write :'NAME', with quotes"),
        ({"text": 'SELECT :"NAME"'}, "Write :'NAME', with quotes"),
        ({"text": "SELECT $1"}, "by its name"),
        ({"text": "-- nothing"}, "no statement"),
        ({"values": {"NAME": "a\0b"}}, "NUL byte"),
        ({"secrets": {"PIN": "1234"}}, "PIN is shorter than 8 bytes"),
    ],
)
def test_what_can_not_be_sent_is_told_and_not_sent(ask: Ask, options: dict[str, Any], words: str) -> None:
    """Each mistake in a block or value has its own words."""
    options = {"values": {"NAME": "x"}, **options}
    outcome = ask(options.pop("text", "SELECT 1"), **options)
    assert outcome.kind is OutcomeKind.FAILED
    assert words in outcome.why
    assert "Nothing was sent." in outcome.why


@pytest.mark.parametrize("is_looking", [True, False])
def test_a_statement_that_takes_too_long_is_cancelled_on_the_server(
    ask: Ask, admin: psycopg.Connection[Any], is_looking: bool
) -> None:
    """After the outcome is told, nothing of it runs any more."""
    outcome = ask("SELECT pg_sleep(300) -- linger", timeout_seconds=0.3, is_looking=is_looking)
    assert outcome.kind is OutcomeKind.TIMED_OUT
    assert outcome.observation.exit_code is None
    assert lingering(admin) == 0


def lingering(admin: psycopg.Connection[Any]) -> int:
    """How many statements with the word `linger` in them still run."""
    question = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%linger' AND state = 'active'"
    (count,) = admin.execute(question).fetchone() or (0,)
    return int(count)


async def until(admin: psycopg.Connection[Any], count: int) -> None:
    """Wait until so many statements linger."""
    async with asyncio.timeout(10):
        while lingering(admin) != count:  # noqa: ASYNC110 - the server can't set an event of ours
            await asyncio.sleep(0.01)


def linger(server_url: str, text: str, *, is_looking: bool) -> asyncio.Task[Outcome]:
    """Start a block in the background."""
    task = a_task(text, language="sql", values={"DB_URL": server_url}, on="DB_URL", is_looking=is_looking)
    return asyncio.create_task(SqlExecutor().execute(task, lambda _: None))


@pytest.mark.parametrize("is_looking", [True, False])
def test_cancelling_ends_the_statement_before_it_returns(
    server_url: str, admin: psycopg.Connection[Any], is_looking: bool
) -> None:
    """When `CancelledError` arrives, the server has stopped."""

    async def cancel() -> None:
        attempt = linger(server_url, "SELECT pg_sleep(300) -- linger", is_looking=is_looking)
        await until(admin, 1)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt

    asyncio.run(cancel())
    assert lingering(admin) == 0


KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%linger' AND pid <> pg_backend_pid()"


@pytest.mark.parametrize(
    ("is_looking", "kind"),
    [(True, OutcomeKind.FAILED), (False, OutcomeKind.UNKNOWN)],
    ids=["looking", "changing"],
)
def test_a_connection_that_breaks_under_a_change_leaves_it_unknown(
    server_url: str, admin: psycopg.Connection[Any], is_looking: bool, kind: OutcomeKind
) -> None:
    """A look can simply be repeated; of a change nobody knows."""

    async def kill() -> Outcome:
        attempt = linger(server_url, "SELECT pg_sleep(300) -- linger", is_looking=is_looking)
        await until(admin, 1)
        admin.execute(KILL)
        return await attempt

    outcome = asyncio.run(kill())
    assert (outcome.kind, outcome.observation.rows) == (kind, None)
    assert "connection" in outcome.why


SLOW_COMMIT = """
CREATE FUNCTION shop.slow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(300); RETURN NULL; END$$;
CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON shop.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
EXECUTE FUNCTION shop.slow();
"""


def test_a_commit_that_is_not_confirmed_is_unknown(ask: Ask, admin: psycopg.Connection[Any]) -> None:
    """When the time is up during COMMIT, the change may be in effect."""
    admin.execute(SLOW_COMMIT)
    outcome = ask("UPDATE shop.orders SET name = 'x' WHERE id = 1", timeout_seconds=0.5, is_looking=False)
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "did not confirm" in outcome.why


class CuttingProxy:
    """Passes bytes between a client and the server until it is told to cut the line without a word."""

    def __init__(self, server_url: str) -> None:
        self._server = urlsplit(server_url)
        self._writers: list[asyncio.StreamWriter] = []

    async def start(self) -> str:
        """Listen; the URL that leads through the proxy."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._listener.sockets[0].getsockname()[1]
        login = f"{self._server.username}:{self._server.password}"
        return f"postgresql://{login}@127.0.0.1:{port}/postgres?sslmode=disable"

    async def cut(self) -> None:
        """Drop all lines."""
        for writer in self._writers:
            writer.transport.abort()
        self._listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", self._server.port)
        self._writers += [writer, there[1]]
        with suppress(ConnectionError):
            await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


def test_a_line_that_goes_dead_under_a_change_leaves_it_unknown(
    server_url: str, admin: psycopg.Connection[Any]
) -> None:
    """Not even an error message arrives, and the server may well have finished."""

    async def cut() -> Outcome:
        proxy = CuttingProxy(server_url)
        attempt = linger(await proxy.start(), "SELECT pg_sleep(300) -- linger", is_looking=False)
        await until(admin, 1)
        await proxy.cut()
        return await attempt

    outcome = asyncio.run(cut())
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "Look at the database before you go on." in outcome.why
    admin.execute(KILL)


def test_a_database_that_is_not_there_is_a_failure_without_its_password(ask: Ask) -> None:
    """Nothing was sent, and conditions can ask for the exit code."""
    url = "postgresql://app:correct-horse-battery@127.0.0.1:1/shop"
    outcome = ask("DELETE FROM shop.orders", is_looking=False, values={"DB_URL": url})
    assert (outcome.kind, outcome.observation.exit_code) == (OutcomeKind.FAILED, 1)
    assert "can't be reached" in outcome.why
    assert "Nothing was sent." in outcome.why
    assert "correct-horse" not in repr(outcome)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:correct-horse-battery@[::1/shop",
        "postgresql://app:correct-horse-battery@localhost:port/shop",
        "postgresql://app:correct-horse-battery@localhost/shop?nonsense=correct-horse-battery",
    ],
)
def test_an_address_that_makes_no_sense_is_not_shown(ask: Ask, url: str) -> None:
    """Libraries like to print the URL they can't read, password and all."""
    outcome = ask("SELECT 1", values={"DB_URL": url})
    assert outcome.kind is OutcomeKind.FAILED
    assert "correct-horse" not in repr(outcome)


def test_secrets_are_masked_in_rows_tables_notices_and_errors(ask: Ask) -> None:
    """Whatever the server says is searched, also numbers, JSON and names of columns."""
    secrets = {"TOKEN": "s3cret-token-value", "NUMBER": "12345678901"}
    text = """SELECT :'TOKEN' AS plain, encode(:'TOKEN'::bytea, 'base64') AS wrapped, 12345678901 AS number,
    jsonb_build_object('k', :'TOKEN'::text) AS doc, 1 AS "s3cret-token-value" """
    seen = ask(text, secrets=secrets).observation
    token = "[secret TOKEN]"
    assert seen.rows == [
        {"plain": token, "wrapped": token, "number": "[secret NUMBER]", "doc": {"k": token}, token: 1}
    ]
    assert "s3cret" not in seen.stdout
    refused = ask("SELECT :'TOKEN'::int", secrets=secrets)
    assert refused.kind is OutcomeKind.FAILED
    assert token in refused.why
    assert "s3cret" not in repr(refused)
    notice = "DO $$BEGIN RAISE NOTICE 'it is s3cret-token-value'; END$$"
    assert token in ask(notice, secrets=secrets, is_looking=False).observation.stderr


def test_a_flood_of_rows_is_cut(ask: Ask) -> None:
    """A thousand rows are kept; the rest is not waited for."""
    outcome = ask("SELECT generate_series(1, 1000000000) AS n", timeout_seconds=20)
    seen = outcome.observation
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert seen.is_truncated
    assert seen.rows is not None
    assert [seen.rows[0], seen.rows[-1], len(seen.rows)] == [{"n": 1}, {"n": 1000}, 1000]
    assert seen.stdout.endswith("(the first 1000 rows; KEYS left out the rest)\n")


def test_wide_rows_are_cut_at_one_mebibyte(ask: Ask, admin: psycopg.Connection[Any]) -> None:
    """A change is not cut short by it: all of it takes effect."""
    text = "INSERT INTO shop.orders SELECT n, repeat('x', 300000) FROM generate_series(10, 19) AS n RETURNING name"
    seen = ask(text, is_looking=False).observation
    assert (seen.is_truncated, len(seen.rows or [])) == (True, 3)
    assert len(names(admin)) == 13


def test_the_table_is_shown_on_the_screen(server_url: str) -> None:
    """The surface gets the same table that is kept."""
    shown: list[str] = []
    task = a_task("SELECT 1 AS one", language="sql", values={"DB_URL": server_url}, on="DB_URL")
    outcome = asyncio.run(SqlExecutor().execute(task, shown.append))
    assert "".join(shown) == outcome.observation.stdout == "one\n---\n1\n(1 row)\n"
