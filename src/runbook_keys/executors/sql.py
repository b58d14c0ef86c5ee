"""Runs `sql` blocks: one statement each, on the PostgreSQL database whose address the value named by `on=` holds.

A looking step runs in a read-only transaction that is always rolled back. A changing step runs in a transaction of its
own that is committed when the statement succeeded; a statement that the server refuses inside a transaction
(`CREATE INDEX CONCURRENTLY`, `ALTER SYSTEM`) runs by itself. Where the connection breaks or the time is up after a
changing statement was sent, its outcome is not failed but unknown or timed out.

The exit code is 0 for an answer and 1 for a failure. A probe or rollback check asks whether something is so: there it
is 0 for yes, 1 for no (no row, or false or NULL in its first place), and 2 where the database could not be asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from runbook_keys.executors import postgres
from runbook_keys.executors.environment import unfit
from runbook_keys.executors.masking import mask_text, unmaskable
from runbook_keys.executors.sql_rows import Answer, json_rows, masked, table
from runbook_keys.executors.sql_text import Statement, Unreadable, read
from runbook_keys.model.outcome import Observation, Outcome, OutcomeKind, Role
from runbook_keys.ports import Output, Task

LOOKING_WORDS = ("SELECT", "WITH", "SHOW", "EXPLAIN", "TABLE", "VALUES")
_TRANSACTION_WORDS = ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE")
_NOT_IN_A_TRANSACTION = "25001"  # active_sql_transaction: refused before it did anything
_READ_ONLY = "25006"  # read_only_sql_transaction
_SEVERAL_STATEMENTS = "cannot insert multiple commands"
_SCHEMES = ("postgresql://", "postgres://")
_GUARD_SECONDS = 5
_SAYS_YES_OR_NO = (Role.PROBE, Role.ROLLBACK_CHECK)


class SqlExecutor:
    """Runs `sql` blocks with psycopg, which it loads when the first one comes."""

    async def execute(self, task: Task, output: Output) -> Outcome:
        """Run the block. Raises `ExecutorUnavailable` where psycopg is not installed.

        Cancelling ends the statement on the server, then raises `CancelledError`.
        """
        began = time.monotonic()
        postgres.load()
        try:
            attempt = _prepared(task)
        except Unreadable as problem:
            return Outcome(OutcomeKind.FAILED, why=f"{problem} Nothing was sent.")
        outcome = attempt.told(await attempt.end(), round((time.monotonic() - began) * 1000))
        if outcome.observation.stdout:
            output(outcome.observation.stdout)
        return outcome


@dataclass(frozen=True)
class _End:
    """How an attempt ended, before anything was masked."""

    kind: OutcomeKind
    why: str = ""
    answer: Answer | None = None


class _Attempt:
    """One passage from connecting to the end of the transaction. `_is_sent` and `_is_committing` say how far it got."""

    def __init__(self, task: Task, url: str, statement: Statement, secrets: Mapping[str, str]) -> None:
        self._task = task
        self._url = url
        self._statement = statement
        self._secrets = secrets
        self._is_sent = False
        self._is_committing = False
        self._role = ""
        self._notices: list[str] = []

    async def end(self) -> _End:
        """Run it, within the block's time."""
        try:
            async with (
                asyncio.timeout(self._task.block.timeout_seconds),
                postgres.connected(self._url) as database,
            ):
                self._notices = database.notices
                answer = await (self._look if self._task.is_looking else self._change)(database)
        except postgres.Unreachable as error:
            return _End(OutcomeKind.FAILED, f"The database can't be reached: {error}\nNothing was sent.")
        except postgres.Refused as error:
            return _End(OutcomeKind.FAILED, _refusal(error))
        except postgres.Lost as error:
            return self._lost(str(error))
        except TimeoutError:
            return self._late()
        return _End(OutcomeKind.SUCCEEDED, answer=answer)

    async def _look(self, database: postgres.Database) -> Answer:
        await database.ask("BEGIN READ ONLY")
        await self._set_guard(database)
        answer = await self._send(database)
        if database.is_open:
            with suppress(postgres.Refused, postgres.Lost):  # the answer is there; closing rolls back as well
                await database.ask("ROLLBACK")
        return answer

    async def _change(self, database: postgres.Database) -> Answer:
        try:
            return await self._change_in_transaction(database)
        except postgres.Refused as error:
            if error.sqlstate != _NOT_IN_A_TRANSACTION:
                raise
        await database.ask("ROLLBACK")
        return await self._send(database)

    async def _change_in_transaction(self, database: postgres.Database) -> Answer:
        # The database may be read-only by default; an approved change must not depend on what the default is.
        await database.ask("BEGIN READ WRITE")
        await self._set_guard(database)
        answer = await self._send(database)
        self._is_committing = True
        if (await database.ask("COMMIT")).tag != "COMMIT":
            raise postgres.Refused("The server rolled the transaction back.", "")
        return answer

    async def _set_guard(self, database: postgres.Database) -> None:
        """Have the server end the statement by itself should KEYS die; and see who we are."""
        ms = int((self._task.block.timeout_seconds + _GUARD_SECONDS) * 1000)
        question = (
            "SELECT current_user, current_setting('is_superuser'), set_config('statement_timeout', $1, true)"
        )
        name, is_superuser, _ = (await database.ask(question, [str(ms)])).rows[0]
        self._role = f", role {name}" + (" (a superuser)" if is_superuser == "on" else "")

    async def _send(self, database: postgres.Database) -> Answer:
        self._is_sent = True
        values = [self._task.values[name] for name in self._statement.names]
        return await database.ask(self._statement.text, values, may_stop_early=self._task.is_looking)

    def _lost(self, message: str) -> _End:
        if self._task.is_looking or not self._is_sent:
            return _End(OutcomeKind.FAILED, f"The connection to the database broke: {message}")
        return _End(
            OutcomeKind.UNKNOWN,
            f"The connection broke after the statement was sent: {message}\n"
            "Whether it took effect is not known. Look at the database before you go on.",
        )

    def _late(self) -> _End:
        seconds = f"{self._task.block.timeout_seconds:g} seconds"
        if not self._is_sent:
            return _End(
                OutcomeKind.FAILED, f"The database did not answer within {seconds}. Nothing was sent."
            )
        if self._is_committing:
            return _End(
                OutcomeKind.UNKNOWN,
                f"The database did not confirm the change within {seconds}. It may be in effect.",
            )
        return _End(OutcomeKind.TIMED_OUT, f"It took longer than {seconds} and was cancelled on the server.")

    def _code_of_failure(self) -> int:
        return 2 if self._task.role in _SAYS_YES_OR_NO else 1

    def told(self, end: _End, duration_ms: int) -> Outcome:
        """The outcome, with secrets masked in all that comes from the server."""
        return Outcome(
            kind=end.kind,
            observation=self._observation(end),
            why=mask_text(end.why, self._secrets),
            duration_ms=duration_ms,
            enforcement=mask_text(f"read-only transaction{self._role}", self._secrets)
            if self._task.is_looking
            else "",
        )

    def _observation(self, end: _End) -> Observation:
        said = mask_text("".join(self._notices), self._secrets)
        if end.answer is None:
            return Observation(
                exit_code=self._code_of_failure() if end.kind is OutcomeKind.FAILED else None,
                stderr=f"{said}{mask_text(end.why, self._secrets)}\n",
            )
        answer = masked(end.answer, self._secrets)
        return Observation(
            exit_code=_code(end.answer) if self._task.role in _SAYS_YES_OR_NO else 0,
            stdout=table(answer),
            stderr=said,
            rows=json_rows(answer),
            is_truncated=answer.is_truncated,
        )


def _code(answer: Answer) -> int:
    """What an answer says to a yes-or-no question: yes (0) with a row whose first value is neither false nor NULL."""
    first_values = [value for row in json_rows(answer)[:1] for value in row.values()][:1]
    return 0 if first_values and first_values[0] is not None and first_values[0] is not False else 1


def _prepared(task: Task) -> _Attempt:
    problem = unfit(task.values)
    if problem:
        raise Unreadable(problem)
    statement = read(task.block.text, task.values)
    _check_first_word(statement.first_word, is_looking=task.is_looking)
    name, url = _address(task)
    secrets = {name: url, **task.secrets}
    problem = unmaskable(secrets)
    if problem:
        raise Unreadable(problem)
    return _Attempt(task, url, statement, secrets)


def _check_first_word(word: str, *, is_looking: bool) -> None:
    """An early, plain explanation; what enforces it is the read-only transaction."""
    if is_looking and word not in LOOKING_WORDS:
        raise Unreadable(
            f"This step may only look, and {word} is no question. If the change is meant, it belongs into an action."
        )
    if word in _TRANSACTION_WORDS:
        raise Unreadable(f"KEYS begins and ends the transaction itself. Take {word} out of the block.")


def _address(task: Task) -> tuple[str, str]:
    """The name of the value that holds the database's address, and the address."""
    name = task.block.on
    if name is None:
        raise Unreadable("The block does not say which database it is for. Write `on=NAME` behind `sql`.")
    if name not in task.values:
        raise Unreadable(f"There is no value {name} in this run.")
    if not task.values[name].startswith(_SCHEMES):
        raise Unreadable(f"{name} does not hold an address such as postgresql://user@host/database.")
    return name, task.values[name]


def _refusal(error: postgres.Refused) -> str:
    if _SEVERAL_STATEMENTS in str(error):
        return "A block holds one statement, and this one holds several. Make each of them a step."
    if error.sqlstate == _READ_ONLY:
        return f"This step may only look, so the database refused a change: {error}"
    return f"The database refused the statement: {error}"
