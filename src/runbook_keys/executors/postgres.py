"""PostgreSQL through psycopg: the one place that names the library, loaded when the first `sql` block runs.

Every statement goes through the extended protocol, which takes one statement only and binds values on the server.
Results come row by row, so that a large one never fills the memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from runbook_keys.errors import ExecutorUnavailable
from runbook_keys.executors.sql_rows import Answer, Column

if TYPE_CHECKING:
    import psycopg
    from psycopg.pq.abc import PGresult

_FATAL = ("FATAL", "PANIC")


class Unreachable(Exception):
    """There is no connection, so nothing has been sent."""


class Refused(Exception):
    """The server refused the statement. `sqlstate` is its five-letter reason."""

    def __init__(self, message: str, sqlstate: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class Lost(Exception):
    """The connection broke; what became of the statement under way is not known."""


def load() -> None:
    """Import psycopg. Raises `ExecutorUnavailable` where it is not installed."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise ExecutorUnavailable(
            "SQL blocks need psycopg, which is not installed here. "
            "Run `pip install 'runbook-keys[sql]'`, then resume the run."
        ) from error


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Database]:
    """A connection to the database at `url`, closed in the end. Raises `Unreachable`."""
    import psycopg

    try:
        connection = await psycopg.AsyncConnection.connect(
            url, autocommit=True, client_encoding="utf8", application_name="keys"
        )
    except (psycopg.Error, UnicodeError) as error:
        raise Unreachable(_first_line(error)) from None
    try:
        yield Database(connection)
    finally:
        await connection.close()


class Database:
    """One connection. Cancelling a call cancels the statement on the server."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self.notices: list[str] = []
        connection.add_notice_handler(self._notice)

    async def ask(
        self, statement: str, values: Sequence[str] = (), *, may_stop_early: bool = False
    ) -> Answer:
        """Send one statement with its bound values and take in the answer.

        `may_stop_early`: when more rows come than are kept, end the statement and close the connection. Raises
        `Refused` or `Lost`.
        """
        import psycopg

        answer = Answer()
        try:
            await self._connection.wait(self._conversation(statement, values, answer, may_stop_early))
            if answer.is_truncated and may_stop_early:
                await self._connection.cancel_safe(timeout=5.0)
                await self._connection.close()
        except psycopg.Error as error:
            raise self._told(error) from None
        return answer

    @property
    def is_open(self) -> bool:
        """False once the connection was closed or is broken."""
        return not self._connection.closed

    def _conversation(
        self, statement: str, values: Sequence[str], answer: Answer, may_stop_early: bool
    ) -> Generator[Any, Any, None]:
        from psycopg.errors import error_from_result
        from psycopg.generators import fetch, send

        server = self._connection.pgconn
        server.send_query_params(statement.encode(), [value.encode() for value in values])
        server.set_single_row_mode()
        yield from send(server)
        refusal: PGresult | None = None
        while result := (yield from fetch(server)):  # to the end also after an error: only then it is over
            refusal = refusal or (None if _is_taken_in(result, answer) else result)
            if answer.is_truncated and may_stop_early:
                return
        if refusal:
            raise error_from_result(refusal)

    def _told(self, error: psycopg.Error) -> Refused | Lost:
        if self._connection.closed or not error.sqlstate or error.diag.severity_nonlocalized in _FATAL:
            return Lost(_first_line(error))
        parts = (error.diag.message_primary, error.diag.message_detail, error.diag.message_hint)
        return Refused("\n".join(filter(None, parts)), error.sqlstate)

    def _notice(self, notice: psycopg.errors.Diagnostic) -> None:
        if len(self.notices) < 100:
            self.notices.append(f"{notice.severity}: {notice.message_primary}\n")


def _is_taken_in(result: PGresult, answer: Answer) -> bool:
    """False for an error. Raises `Refused` for a COPY, which would wait for ever for data of ours."""
    from psycopg.pq import ExecStatus

    if result.status in (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH):
        raise Refused("COPY has no file at this end. Use psql in a bash block.", "")
    if result.status in (ExecStatus.SINGLE_TUPLE, ExecStatus.TUPLES_OK):
        answer.columns = answer.columns or _columns(result)
        for row in range(result.ntuples):
            answer.add(tuple(_text(result.get_value(row, column)) for column in range(result.nfields)))
    answer.tag = (result.command_status or b"").decode()
    return result.status in (ExecStatus.SINGLE_TUPLE, ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


def _columns(result: PGresult) -> list[Column]:
    return [Column(_text(result.fname(nth)) or "", result.ftype(nth)) for nth in range(result.nfields)]


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", "backslashreplace")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
